extension PageStyle {
    /// The style of the pages on which a person decides.
    /// The contrast of all text is at least 4.5 : 1, in light and dark (WCAG 2.2, 1.4.3).
    package static let decision: PageStyle = """
        :root{color-scheme:light dark}*{box-sizing:border-box}
        body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1c2430;background:#f4f6f8}
        main{max-width:38rem;margin:0 auto;padding:1.25rem 1rem 3rem}h1{font-size:1.4rem;margin:.5rem 0 1rem}
        section,form{background:#fff;border:1px solid #cfd6de;border-radius:.6rem;padding:1rem;margin:0 0 1rem}
        .action{font-size:1.1rem;font-weight:600;margin:0 0 .5rem;padding:0 0 0 .7rem;border-left:.25rem solid #8a97a5;white-space:pre-wrap}
        p,li,dd,.action{overflow-wrap:anywhere}summary{cursor:pointer;margin:0 0 .5rem}
        ul{margin:.25rem 0 .75rem;padding-left:1.2rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .9rem;margin:0}
        dt{color:#51606f}dd{margin:0}label{display:block;margin-bottom:.3rem}
        textarea{width:100%;font:inherit;color:inherit;background:#fff;border:1px solid #77838f;border-radius:.4rem;padding:.5rem}
        .buttons{display:flex;gap:.75rem;flex-wrap:wrap;margin:0}
        .act{position:sticky;bottom:0;margin:0 -1rem;padding:.6rem 1rem;background:#f4f6f8;border-top:1px solid #cfd6de}
        button{flex:1 1 9rem;font:inherit;font-weight:600;color:#fff;border:0;border-radius:.4rem;padding:.8rem 1rem;cursor:pointer}
        .button{flex:1 1 9rem;font-weight:600;color:#fff;background:#1a5fb4;border-radius:.4rem;padding:.8rem 1rem;text-align:center;text-decoration:none}
        .approve{background:#176b3a}.reject{background:#a3261b}
        button:focus-visible,textarea:focus-visible,a:focus-visible{outline:3px solid #1f6feb;outline-offset:2px}
        .good,.bad,.outcome,.notice,.staging{border-left:.3rem solid #51606f;background:#fff;padding:.6rem .8rem;margin:0 0 1rem}
        .good{border-color:#176b3a}.bad{border-color:#a3261b}.staging{border-color:#b35c00;font-weight:600}.small{color:#51606f;font-size:.85rem}
        @media(prefers-color-scheme:dark){body{color:#e3e7ec;background:#14181d}.act{background:#14181d;border-color:#3a444f}section,form,.good,.bad,.outcome,.notice,.staging{background:#1c2229}
        section,form{border-color:#3a444f}textarea{background:#14181d;border-color:#8a97a5}dt,.small{color:#a9b5c2}a{color:#79b8ff}}
        """
}
