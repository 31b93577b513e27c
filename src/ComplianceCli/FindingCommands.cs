using System.CommandLine;
using System.Globalization;
using Compliance.AuditPack;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>The command about what is open.</summary>
internal static class FindingCommands
{
    /// <summary>The command.</summary>
    public static Command Create(AppCommands commands)
    {
        var finding = new Argument<string?>("FINDING")
        {
            Description = "Id of a finding, or the start of some ids, such as CRED-001; all without it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return commands.Make(
            "findings",
            "Open and waived findings, the worst first; of one: why it is open and what to do",
            async (parsed, _, client, token) =>
            {
                var start = parsed.GetValue(finding) ?? "";
                var found = (await client.FindingsAsync(token))
                    .Where(f => f.Id.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                    .OrderByDescending(f => f.Severity)
                    .ThenBy(f => f.Id, StringComparer.Ordinal)
                    .ToList();
                if (found.Count == 0 && start.Length > 0)
                    throw new CliException($"no open finding that you may see has an id that begins with {Plain.Text(start)}");
                if (commands.IsJson(parsed))
                    return commands.Print(found);
                foreach (var one in found)
                    await commands.Output.WriteLineAsync(found.Count == 1 ? Whole(one) : Line(one));
                if (found.Count == 0)
                    await commands.Output.WriteLineAsync("Nothing is open that you may see.");
                return 0;
            },
            finding
        );
    }

    private static string Line(ReportFinding finding) =>
        Plain.Text(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{finding.Severity.ToString().ToLowerInvariant(),-8}  {finding.Id}  {finding.Subject.Name}"
            )
        ) + (finding.Status == FindingStatus.Waived ? "  (waived)" : "");

    // A control of another version of the app has its id alone.
    private static string Title(ReportFinding finding) =>
        AllControls.Catalogue.Contains(finding.Control) ? AllControls.Catalogue.Get(finding.Control).Title : Plain.Text(finding.Control);

    private static string Whole(ReportFinding finding) =>
        $"{Line(finding)}\n  {Title(finding)}\n  {Plain.Text(finding.Reason)}\n  Next: {Plain.Text(finding.NextStep)}";
}
