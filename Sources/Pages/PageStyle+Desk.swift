extension PageStyle {
    /// The style of the desk: one column on a phone, two on a wide screen, dark if the reader's system is dark.
    /// The contrast of all text is at least 4.5 : 1, in light and dark (WCAG 2.2, 1.4.3).
    package static let desk: PageStyle = """
        :root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#1b2330;--soft:#535f6d;--line:#d5dae1;--link:#1258a8;--good:#17693a;
        --bad:#a5261b;--wait:#8a5200;--mark:#1f6feb;--bar:#c9d1da;--badbar:#cf4f43}
        @media(prefers-color-scheme:dark){:root{--page:#12161b;--card:#1b2129;--ink:#e4e8ed;--soft:#a7b2be;--line:#343d48;--link:#7db7f7;
        --good:#6fd39a;--bad:#ff8f83;--wait:#f0b45c;--mark:#79b8ff;--bar:#3c4652;--badbar:#e0695d}}
        *{box-sizing:border-box}html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,"Noto Sans","DejaVu Sans",sans-serif}
        a{color:var(--link)}h1{font-size:1.35rem;margin:.2rem 0 1rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:0 0 .6rem}
        h2 small{font-weight:400;color:var(--soft)}
        .unseen{position:absolute;left:-100rem}.skip{position:absolute;left:-100rem}.skip:focus{left:.5rem;top:.5rem;background:var(--card);padding:.5rem;z-index:2}
        .top{background:var(--card);border-bottom:1px solid var(--line)}
        .top>div{max-width:76rem;margin:0 auto;padding:.55rem 1rem;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;align-items:center}
        .top nav{display:flex;flex-wrap:wrap;gap:.1rem .2rem}.top nav a{padding:.35rem .6rem;text-decoration:none;border-radius:.4rem}
        .top nav a[aria-current]{font-weight:600;color:var(--ink);background:var(--page)}
        .who{margin-left:auto;display:flex;gap:.6rem;align-items:center;color:var(--soft);font-size:.9rem}.who form{margin:0}
        .live::before{content:"";display:inline-block;width:.6rem;height:.6rem;border-radius:50%;background:var(--bar);margin-right:.35rem}
        .live.on::before{background:var(--good)}#news{position:sticky;top:.5rem;z-index:1}
        main{max-width:76rem;margin:0 auto;padding:1.1rem 1rem 4rem}
        .grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1rem;align-items:start;margin:0 0 1rem}
        section,.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem;margin:0 0 1rem;min-width:0}
        .grid section{margin:0}.empty{color:var(--soft);margin:0}.small,small{color:var(--soft);font-size:.87rem}
        p,li{overflow-wrap:anywhere}ul.rows{list-style:none;margin:0;padding:0}ul.rows>li{padding:.55rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
        ul.rows>li:first-child{border-top:0;padding-top:.1rem}.rows p{margin:.1rem 0}.pick{display:flex;gap:.7rem}.pick>div{flex:1;min-width:0}
        .pick input{width:1.25rem;height:1.25rem;margin:.2rem 0 0}
        .tag{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:0 .5rem;font-size:.82rem;white-space:nowrap;margin-right:.25rem}
        .good{color:var(--good)}.bad{color:var(--bad)}.wait{color:var(--wait)}
        .quote{border-left:.25rem solid var(--bar);padding-left:.7rem;margin:.3rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
        .action{font-size:1.1rem;font-weight:600}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .9rem;margin:.4rem 0}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}
        th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--soft);font-weight:500}
        td{overflow-wrap:break-word;min-width:5.5rem;max-width:32rem}
        .filters{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin:0 0 1rem}.filters label{display:block;font-size:.87rem;color:var(--soft)}
        input[type=text],input[type=date],select,textarea{font:inherit;color:inherit;background:var(--card);border:1px solid #7a8794;border-radius:.4rem;padding:.45rem .6rem;max-width:100%}
        textarea{width:100%}.buttons{display:flex;flex-wrap:wrap;gap:.7rem;margin:.7rem 0 0}
        button,.button{font:inherit;font-weight:600;border-radius:.4rem;padding:.6rem 1.1rem;cursor:pointer;border:1px solid #7a8794;background:var(--card);color:var(--ink);text-decoration:none;display:inline-block}
        .approve{background:#176b3a;border-color:#176b3a;color:#fff}.reject{background:#a3261b;border-color:#a3261b;color:#fff}
        .link{border:0;background:none;padding:0;font-weight:400;color:var(--link);text-decoration:underline}
        :is(a,button,input,select,textarea,summary):focus-visible{outline:3px solid var(--mark);outline-offset:2px}
        .say{border-left:.3rem solid var(--soft);background:var(--card);padding:.6rem .8rem;margin:0 0 1rem}.say.good{border-color:var(--good)}
        .say.bad{border-color:var(--bad)}svg{display:block;width:100%;height:6rem}svg text{fill:var(--soft);font-size:9px}
        .b0{fill:var(--bar)}.b1{fill:var(--badbar)}.days{width:8.5rem;height:1.5rem;margin:.2rem 0}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.5 ui-monospace,Menlo,Consolas,monospace;margin:0}
        iframe{width:100%;height:34rem;resize:vertical;border:1px solid var(--line);border-radius:.4rem;background:var(--card);color-scheme:light dark}
        @media(max-width:30rem){main{padding:.8rem .6rem 3rem}section,.card{padding:.75rem .8rem}dl{grid-template-columns:1fr}dt{margin-top:.3rem}}
        @media print{.top,.filters,.buttons,textarea,form label,input{display:none}body{background:#fff;color:#000}section,.card{border:0;padding:0}}
        """
}
