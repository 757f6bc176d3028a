extension PageStyle {
    /// The style of the status page.
    package static let status: PageStyle = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2430;background:#fff}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9dee5;
        min-width:4.5rem}.wide{overflow-x:auto}h2{margin-top:1.6rem;font-size:1.05rem}.good{color:#176b3a}.bad{color:#a3261b;font-weight:600}
        .small{color:#5a6675;font-size:.85rem}
        @media(prefers-color-scheme:dark){body{color:#e3e7ec;background:#14181d}th,td{border-color:#343c46}.good{color:#6fd39a}
        .bad{color:#ff8d80}.small{color:#97a3b1}}
        """
}
