using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;

namespace Local;

/// <summary>Turns a report into an exit code.</summary>
internal static class Verdict
{
    /// <summary>Incomplete beats found: with a gap nobody knows what else there is.</summary>
    public static int From(CredentialReport report, Severity? failOn)
    {
        if (!report.Run.Complete)
            return ExitCode.Incomplete;
        return failOn is { } least && report.Findings.Any(finding => finding.Status == FindingStatus.Open && finding.Severity >= least)
            ? ExitCode.FoundSomething
            : ExitCode.Done;
    }
}
