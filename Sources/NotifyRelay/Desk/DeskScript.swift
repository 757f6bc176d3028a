/// The script of the desk, a file of its own origin. Without it every page works by reload.
///
/// It writes times in the reader's zone, and replaces the content of a page when the relay says that it changed, unless the reader is writing
/// or choosing something in it.
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
          function busy(main) {
            var a = document.activeElement;
            if (a && main.contains(a) && /^(INPUT|TEXTAREA|SELECT)$/.test(a.tagName)) return true;
            if (main.querySelector("details[open]")) return true;
            return Array.prototype.some.call(main.querySelectorAll("textarea,input[type=checkbox]"), function (e) {
              return e.type === "checkbox" ? e.checked : e.value !== "";
            });
          }
          var main = document.getElementById("main"), dot = document.getElementById("live");
          times(document);
          if (!main || !dot || !window.EventSource) return;
          dot.hidden = false;
          var waiting = null;
          function put(html) {
            if (busy(main)) { waiting = html; return; }
            waiting = null;
            main.innerHTML = html;
            times(main);
          }
          setInterval(function () { if (waiting !== null) put(waiting); }, 2000);
          var source = new EventSource("/live?page=" + encodeURIComponent(location.pathname + location.search));
          source.onopen = function () { dot.classList.add("on"); dot.textContent = "live"; };
          source.onerror = function () { dot.classList.remove("on"); dot.textContent = "not live"; };
          source.onmessage = function (e) { put(JSON.parse(e.data)); };
        })();

        """
}
