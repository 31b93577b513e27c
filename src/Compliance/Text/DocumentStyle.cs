namespace Compliance.Text;

/// <summary>The style of pages that are documents, certificates and reports: light and dark, and fit to be printed.</summary>
internal static class DocumentStyle
{
    /// <summary>The style sheet.</summary>
    public const string Sheet = """
        :root{color-scheme:light dark;--ink:#1c2430;--soft:#566173;--line:#dfe4ea;--paper:#fff;--ground:#f4f6f8;--good:#11693f;
        --goodbg:#e4f4ea;--warn:#8a4b00;--warnbg:#fdf1dc;--bad:#a3211d;--badbg:#fce8e6}
        @media (prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#a3afbf;--line:#343d49;--paper:#1b212a;--ground:#12161c;
        --good:#7fd6a4;--goodbg:#163324;--warn:#f0bd6d;--warnbg:#3a2a10;--bad:#ff9c94;--badbg:#421a18}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);
        font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
        main{max-width:60rem;margin:2.5rem auto;padding:2.5rem;background:var(--paper);border:1px solid var(--line);border-radius:14px}
        h1{font-size:1.75rem;line-height:1.25;margin:0 0 .35rem;letter-spacing:-.01em}
        h2{font-size:1.15rem;margin:2.4rem 0 .7rem}
        p{margin:.4rem 0;max-width:48rem}
        .soft{color:var(--soft)}
        .state{margin:1.6rem 0;padding:1.1rem 1.3rem;border-radius:10px;border-left:6px solid}
        .state strong{display:block;font-size:1.3rem;line-height:1.35}
        .good{background:var(--goodbg);border-color:var(--good)}.good strong{color:var(--good)}
        .warn{background:var(--warnbg);border-color:var(--warn)}.warn strong{color:var(--warn)}
        .bad{background:var(--badbg);border-color:var(--bad)}.bad strong{color:var(--bad)}
        ol.line{list-style:none;margin:0;padding:0 0 0 1.2rem;border-left:2px solid var(--line)}
        ol.line li{position:relative;padding:.15rem 0 .75rem}
        ol.line li::before{content:"";position:absolute;left:-1.62rem;top:.6rem;width:.75rem;height:.75rem;border-radius:50%;
        background:var(--paper);border:2px solid var(--soft)}
        ol.line time{display:block;color:var(--soft);font-size:.9rem}
        .wide{overflow-x:auto}
        table{width:100%;border-collapse:collapse;font-size:.93rem}
        caption{text-align:left;font-weight:600;padding:1.1rem 0 .3rem}
        th,td{text-align:left;vertical-align:top;padding:.5rem .8rem .5rem 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}
        td{min-width:7rem;max-width:26rem}
        th{color:var(--soft);font-weight:600;white-space:nowrap}
        td small{display:block;color:var(--soft)}
        .tag{font-weight:600;white-space:nowrap}.tag.g{color:var(--good)}.tag.w{color:var(--warn)}.tag.b{color:var(--bad)}
        td code{display:inline-block;min-width:12rem}
        code{font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        bdi,small{overflow-wrap:anywhere}
        li{margin:.3rem 0}
        bdi{unicode-bidi:isolate}
        @media screen and (max-width:46rem){
        main{margin:0;padding:1.2rem;border:0;border-radius:0}
        table,caption,tbody,tr,td{display:block}thead{display:none}
        tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
        td,td code{min-width:0;max-width:none}td{padding:.15rem 0;border:0}td:empty{display:none}
        td::before{content:attr(data-label);display:block;color:var(--soft);font-size:.8rem}}
        @page{margin:14mm}
        @media print{
        body{background:#fff;font-size:10pt}main{margin:0;padding:0;border:0;max-width:none}.wide{overflow:visible}td code{min-width:9rem}
        h2,caption{break-after:avoid}tr,li,.state{break-inside:avoid}tbody tr:first-child{break-before:avoid}ol.line{margin-left:.5rem}}
        """;
}
