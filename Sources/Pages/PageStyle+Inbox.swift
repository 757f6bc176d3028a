extension PageStyle {
    /// The style of the inbox pages: three columns on a wide screen, one on a phone, dark if the reader's system is dark.
    package static let inbox: PageStyle = """
        :root {
          --page: #f4f4f6; --card: #ffffff; --ink: #1d1c1d; --soft: #5e5d63; --line: #dcdce1; --link: #1264a3; --top: #3b1d4a;
          --top-ink: #f5eef8; --good: #007a5a; --danger: #c01343; --warn: #b86e00; --code: #f3f1ee; --mention: #fdf0c8;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #131417; --card: #1d1f24; --ink: #e8e8ea; --soft: #a3a4ab; --line: #34363d; --link: #6cb8f0; --top: #2a1535;
            --top-ink: #efe4f4; --good: #2fb58d; --danger: #f0557c; --warn: #e5a445; --code: #272a30; --mention: #4d431f;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.46 system-ui, -apple-system, "Segoe UI", Roboto,
          "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif; }
        a { color: var(--link); text-decoration: none; }
        a:hover { text-decoration: underline; }
        .top { display: flex; justify-content: space-between; align-items: flex-start; gap: 1rem; background: var(--top);
          color: var(--top-ink); padding: .8rem 1.25rem .7rem; }
        .top h1 { font-size: 1.15rem; margin: 0; }
        .top h1 a, .hold { color: inherit; }
        .top p { margin: .15rem 0 0; font-size: .85rem; opacity: .85; }
        .hold { white-space: nowrap; font-size: .8rem; border: 1px solid currentColor; border-radius: 999px; padding: .2rem .7rem; }
        nav { display: flex; gap: .25rem; padding: 0 1rem; background: var(--card); border-bottom: 1px solid var(--line);
          overflow-x: auto; position: sticky; top: 0; z-index: 1; }
        nav a { padding: .6rem .7rem .5rem; color: var(--soft); border-bottom: 3px solid transparent; white-space: nowrap; }
        nav a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--link); }
        nav a:hover { text-decoration: none; color: var(--ink); }
        nav small, h2 small { font-size: .72rem; font-weight: 600; background: var(--code); color: var(--soft); border-radius: 999px;
          padding: .05rem .45rem; vertical-align: 1px; }
        .alarm { margin: .8rem 1.25rem 0; color: var(--warn); font-size: .85rem; }
        main { padding: 1rem 1.25rem 3rem; }
        .columns { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 4fr) minmax(0, 3fr); gap: 1.1rem; align-items: start; }
        main > .column, .single { max-width: 52rem; margin: 0 auto; }
        .single > h2 { margin-top: 1.6rem; }
        .headers th { width: 9rem; }
        h2 { font-size: .95rem; margin: .2rem 0 .6rem; }
        h2 a { color: inherit; }
        .cards { display: flex; flex-direction: column; gap: .6rem; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .85rem; min-width: 0;
          overflow-wrap: anywhere; }
        .card.urgent { border-left: 6px solid var(--danger); } .card.high { border-left: 6px solid var(--warn); }
        .card.low { background: none; }
        .card header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .15rem .4rem; }
        .card .more { margin-left: auto; font-size: .78rem; }
        time { color: var(--soft); font-size: .78rem; font-variant-numeric: tabular-nums; }
        .chat { display: grid; grid-template-columns: 36px minmax(0, 1fr); gap: .7rem; }
        .chat > .body { min-width: 0; }
        .avatar { width: 36px; height: 36px; border-radius: 8px; background: linear-gradient(135deg, #6b2d86, #1264a3); color: #fff;
          font: 700 13px/36px system-ui, sans-serif; text-align: center; }
        .app { font-size: .62rem; font-weight: 700; background: var(--code); color: var(--soft); border-radius: 3px; padding: .08rem .25rem; }
        .card p { margin: .3rem 0; }
        .card h3 { font-size: 1.08rem; margin: .35rem 0; }
        .plain { white-space: pre-wrap; }
        .fields { display: grid; grid-template-columns: 1fr 1fr; gap: .35rem 1rem; margin: .5rem 0; font-size: .88rem; }
        .fields > div::first-line { color: var(--soft); font-size: .78rem; }
        .context { color: var(--soft); font-size: .78rem; }
        .context span + span { margin-left: .6rem; }
        .actions { display: flex; flex-wrap: wrap; gap: .4rem; margin: .55rem 0 !important; }
        .button { display: inline-block; border: 1px solid var(--line); border-radius: 5px; padding: .22rem .75rem; font-weight: 600;
          font-size: .87rem; color: var(--ink); background: var(--card); }
        .button.primary { background: var(--good); border-color: var(--good); color: #fff; }
        .button.danger { background: var(--danger); border-color: var(--danger); color: #fff; }
        .button.inert { opacity: .65; cursor: default; }
        .bar { border-left: 4px solid var(--line); padding-left: .7rem; margin: .35rem 0; }
        .bar.good { border-color: var(--good); } .bar.danger { border-color: var(--danger); } .bar.warning { border-color: var(--warn); }
        .quoted { display: block; margin: .25rem 0; padding-left: .7rem; border-left: 4px solid var(--line); color: var(--soft); }
        blockquote { margin: .25rem 0; padding-left: .7rem; border-left: 4px solid var(--line); color: var(--soft); }
        code { background: var(--code); border-radius: 4px; padding: .05rem .3rem; font-size: .86em; }
        .mention { background: var(--mention); border-radius: 3px; padding: 0 .15rem; }
        hr { border: 0; border-top: 1px solid var(--line); margin: .6rem 0; }
        .mail { padding: 0; }
        .mail .row { display: block; padding: .6rem .85rem; color: inherit; }
        .mail .row:hover { text-decoration: none; background: var(--code); border-radius: 10px; }
        .mail .row > span { display: block; }
        .mail .line { display: flex !important; align-items: baseline; gap: .5rem; }
        .mail .line b { margin-right: auto; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .mail .subject { font-weight: 600; color: var(--link); }
        .mail .preview { color: var(--soft); font-size: .85rem; display: -webkit-box !important; -webkit-line-clamp: 2;
          -webkit-box-orient: vertical; overflow: hidden; }
        .mail .to { color: var(--soft); font-size: .75rem; margin-top: .15rem; }
        .tag { font-size: .72rem; font-weight: 700; background: var(--code); border-radius: 4px; padding: .08rem .4rem; }
        .tag.urgent { background: var(--danger); color: #fff; } .tag.high { background: var(--warn); color: #fff; }
        .repeat { font-size: .68rem; font-weight: 700; color: #fff; background: var(--warn); border-radius: 999px; padding: .08rem .45rem; }
        .title { font-weight: 600; }
        details summary { color: var(--soft); font-size: .8rem; cursor: pointer; }
        pre { background: var(--code); border-radius: 8px; padding: .7rem .8rem; overflow: auto; margin: .5rem 0; white-space: pre-wrap;
          overflow-wrap: anywhere; font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .k { color: var(--link); } .s { color: var(--good); } .n { color: var(--warn); }
        .letter h1 { font-size: 1.2rem; margin: .2rem 0 .5rem; }
        iframe { width: 100%; height: 20rem; resize: vertical; border: 1px solid var(--line); border-radius: 8px; background: #fff; margin: .6rem 0; }
        table { border-collapse: collapse; width: 100%; font-size: .84rem; }
        th { text-align: left; color: var(--soft); font-weight: 500; white-space: nowrap; vertical-align: top; }
        th, td { padding: .22rem .7rem .22rem 0; overflow-wrap: anywhere; }
        .raw th, .raw td { border-bottom: 1px solid var(--line); white-space: nowrap; overflow-wrap: normal; }
        .wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .5rem .9rem; }
        .empty { color: var(--soft); padding: 1.2rem; border: 1px dashed var(--line); border-radius: 10px; text-align: center; margin: 0; }
        @media (max-width: 1000px) {
          .columns { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } .column-chat { grid-column: 1 / -1; }
        }
        @media (max-width: 640px) {
          main { padding: .8rem .7rem 2rem; } nav { padding: 0 .3rem; } .top { padding: .7rem .9rem; }
          .columns { grid-template-columns: minmax(0, 1fr); } .letter th { display: block; }
          nav { gap: 0; } nav a { padding: .6rem .45rem .5rem; font-size: .9rem; } nav small { display: none; }
        }

        """
}
