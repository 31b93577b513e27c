using System.Text.RegularExpressions;

namespace Compliance.AuditPack;

/// <summary>
/// <c>VERIFY.md</c>: how an auditor checks a pack by hand. Its commands are the same in every pack and read everything from the pack's
/// files, so that nothing a stranger wrote is ever run.
/// </summary>
internal static partial class PackGuide
{
    private const string Resource = "PackGuide.md";

    /// <summary>The text.</summary>
    public static string Render(PackContent content)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["records"] = PackText.Number(content.Scan.Records),
            ["origin"] = PackText.Code(content.Origin),
            ["from"] = PackText.Time(content.Request.From),
            ["to"] = PackText.Time(content.Request.To),
            ["framework"] = content.Request.Framework.Title,
            ["size"] = PackText.Number(content.Checkpoint.Value.Size),
            ["places"] = PackText.Runs(content.Scan.Runs),
            ["timeless"] = Timeless(content.Scan),
            ["state"] = State(content),
            ["keys"] = string.Join(" and ", content.Checkpoint.Keys.Select(k => $"`keys/{k.Id:x8}.pem`")),
        };
        // In one pass, so that what is put in is not read as a name again.
        return Names().Replace(Template(), name => values[name.Groups[1].Value]);
    }

    private static string Template()
    {
        using var stream =
            typeof(PackGuide).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the program has no {Resource} in it");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Timeless(PackScan scan)
    {
        if (scan.Timeless.Count > 0)
            return $" Places {PackText.Runs(scan.Timeless)} hold lines without a time, which a crash cut off; other places between were "
                + "logged at another time, by a clock that was put back.";
        return scan.Runs.Count == 1 ? "" : " What lies between was logged at another time, by a clock that was put back.";
    }

    private static string State(PackContent content) =>
        content.Facts is null
            ? "- **Findings, waivers and approvals are not in this pack**: it was made from the ledger alone, without the state account. "
                + "Their absence does not mean that there are none."
            : "- `findings.csv`, `findings.json`, `waivers.csv`, `approvals.csv`, the two OSCAL files and `index.html`"
                + " are extracts of the program's state."
                + " They are not covered by the signature; what they\n  show was also logged as it happened, where a record of the log "
                + "says so."
                + (
                    content.Request.WithNames
                        ? "\n- Texts are as the program and people wrote them, and name people: the pack was made with `--with-names`."
                        : "\n- Names, addresses and ids of people, what people wrote, and the wording of findings about leavers are left "
                            + "out;\n"
                            + "  `--with-names` makes a pack that has them."
                );

    [GeneratedRegex(@"\{\{(\w+)\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
