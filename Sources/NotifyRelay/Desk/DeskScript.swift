/// The script of the desk, a file of its own origin. Without it every page works by reload.
///
/// It writes times in the reader's zone, and replaces the content of a page when the relay says that it changed. Where the reader writes, chooses or marks
/// something, and where a form decides, it says that something changed and waits to be asked: what one is about to decide is never exchanged.
enum DeskScript {
    static let text = """
        "use strict";
        (function () {
          function times(root) {
            root.querySelectorAll("time[datetime]").forEach(function (t) {
              var d = new Date(t.getAttribute("datetime"));
              if (isNaN(d)) return;
              t.textContent = d.toLocaleString(undefined, {dateStyle: "medium", timeStyle: "short"});
              t.title = t.getAttribute("datetime");
            });
          }
          function spoken(ms) {
            var s = Math.max(0, Math.round(ms / 1000));
            if (s < 100) return s + " s";
            if (s < 6000) return Math.round(s / 60) + " min";
            if (s < 172800) return Math.round(s / 3600) + " h";
            return Math.round(s / 86400) + " d";
          }
          function ages() {
            document.querySelectorAll("time[datetime] + .age").forEach(function (a) {
              var ms = Date.now() - new Date(a.previousElementSibling.getAttribute("datetime"));
              if (!isNaN(ms)) a.textContent = ms >= 0 ? "(" + spoken(ms) + " ago)" : "(in " + spoken(-ms) + ")";
            });
          }
          var main = document.getElementById("content"), dot = document.getElementById("live");
          times(document);
          // Loading a page again then asks for it, and does not post again what was posted.
          if (document.querySelector("#main > .say")) history.replaceState(null, "", location.href);
          if (!main || !dot || !window.EventSource) return;
          dot.hidden = false;
          var version = main.dataset.version, told = document.createElement("p");
          told.className = "unseen";
          told.setAttribute("role", "status");
          document.body.appendChild(told);
          var pressed = false, waiting = null;
          document.addEventListener("mousedown", function () { pressed = true; });
          document.addEventListener("mouseup", function () { setTimeout(function () { pressed = false; }, 300); });
          // What somebody writes, chooses, marks or unfolds is not replaced, and neither is a form that decides: it shows what was asked.
          function holds() {
            if (pressed || String(window.getSelection()) !== "") return true;
            if (main.querySelector("input[name=seen],input[name=pick]:checked,details[open]")) return true;
            return Array.prototype.some.call(main.querySelectorAll("textarea,input[type=text],input[type=date],select"), function (e) {
              return e === document.activeElement || (e.tagName === "SELECT" ? !e.options[e.selectedIndex].defaultSelected && e.selectedIndex > 0
                : e.value !== e.defaultValue);
            });
          }
          function key(e) { return e && main.contains(e) ? [e.tagName, e.getAttribute("href"), e.name, e.value, e.id].join(" ") : null; }
          // The first page says in its heading how much waits. The tab's title says it too, and a screen reader reads it out.
          function headline() {
            var h = document.getElementById("headline");
            if (!h || told.textContent === h.textContent) return;
            told.textContent = h.textContent;
            document.title = h.textContent + " · NotifyRelay";
          }
          function put(html) {
            var news = document.getElementById("news");
            if (news) news.remove();
            waiting = null;
            var focused = key(document.activeElement);
            main.innerHTML = html;
            times(main);
            headline();
            if (focused) Array.prototype.some.call(main.querySelectorAll("a,button,input,select,summary,[tabindex]"), function (e) {
              if (key(e) !== focused) return false;
              e.focus({preventScroll: true});
              return true;
            });
          }
          function offer(html) {
            // A form that decides nothing any more is taken away at once: somebody was first.
            var isOver = main.querySelector("input[name=seen]") && html.indexOf('name="seen"') < 0;
            if (isOver || !holds()) return put(html);
            waiting = html;
            if (document.getElementById("news")) return;
            var bar = document.createElement("p"), show = document.createElement("button");
            bar.id = "news"; bar.className = "say"; bar.setAttribute("role", "status");
            bar.textContent = "Something here has changed. ";
            show.type = "button"; show.textContent = "Show it";
            show.onclick = function () { put(waiting); };
            bar.appendChild(show);
            main.parentNode.insertBefore(bar, main);
          }
          setInterval(ages, 10000);
          var source = null, hiding = null;
          function open() {
            if (source || document.hidden) return;
            source = new EventSource("/live?shown=" + version + "&page=" + encodeURIComponent(location.pathname + location.search));
            source.onopen = function () { dot.classList.add("on"); dot.textContent = "live"; };
            source.onerror = function () {
              if (this.readyState === 2 && this === source) { source = null; setTimeout(open, 5000); }
              dot.classList.remove("on"); dot.textContent = "not live";
            };
            source.onmessage = function (e) {
              version = e.lastEventId;
              offer(JSON.parse(e.data));
            };
          }
          // A browser opens six connections to a place, for all its tabs together. So a tab that nobody sees gives its own back.
          document.addEventListener("visibilitychange", function () {
            clearTimeout(hiding);
            if (!document.hidden) return open();
            hiding = setTimeout(function () {
              if (source) source.close();
              source = null;
              dot.classList.remove("on"); dot.textContent = "not live";
            }, 2000);
          });
          open();
        })();

        """
}
