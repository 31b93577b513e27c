namespace Compliance.Tests.Minimization.StandIn;

/// <summary>Names that a URL, XML or a path can't have as they are.</summary>
internal static class HostileNames
{
    public static string[] All { get; } =
        [
            "a b/../c",
            "a%2Fb",
            "a/b",
            "/leading",
            "trailing.",
            "trailing/",
            "a+b?c#d&e=f",
            "<&>\"'",
            "\u00e9t\u00e9/\u65e5\u672c",
            "\U0001F600/smile",
            "not\uFFFEin-xml",
            "50%",
            "~!$()*,;:@[]^_`{|}",
            new string('n', 1_024),
            new string('\u65e5', 1_024),
        ];
}
