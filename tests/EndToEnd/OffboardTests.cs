using System.Diagnostics;
using Local;

namespace EndToEnd;

/// <summary>A leaver's case as an admin runs it: everything started, offboarded, certified, checked, stopped.</summary>
public sealed class OffboardTests
{
    [Fact]
    public async Task The_demo_ends_with_a_certificate_that_evidence_and_a_fresh_read_of_the_tenant_agree_with()
    {
        var page = Path.Combine(Path.GetTempPath(), $"certificate-{Environment.ProcessId}.html");
        try
        {
            var lines = await AroundAsync("dotnet", Cli, "offboard", "demo", "--certificate", page);

            Assert.Contains("agrees to plan", lines, StringComparison.Ordinal);
            Assert.Contains("Certificate: Blocked in ", lines, StringComparison.Ordinal);
            Assert.Contains("All that this program removes was seen removed in ", lines, StringComparison.Ordinal);
            Assert.Contains("Evidence   the record names the certificate's digest", lines, StringComparison.Ordinal);
            Assert.Contains("Tenant     a fresh read agrees: the account is disabled", lines, StringComparison.Ordinal);
            Assert.StartsWith("<!doctype html>", await File.ReadAllTextAsync(page, Stop), StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            File.Delete(page);
        }
    }

    [Fact]
    public async Task A_start_for_cause_blocks_within_seconds_and_somebody_else_confirms_it()
    {
        const string Terminal = """
            set -e
            compliance() { dotnet "$CLI" "$@"; }
            approvers=$(compliance approvals token unknown@northwynd.example 2>&1 | sed 's/.*: //; s/, /\n/g')
            starter=$(echo "$approvers" | sed -n 1p) other=$(echo "$approvers" | sed -n 2p) leaver=$(echo "$approvers" | sed -n 3p)
            export COMPLIANCE_TOKEN=$(compliance approvals token "$starter")
            compliance offboard start "$leaver" --for-cause --reason "copies customer data"
            for try in $(seq 150); do compliance offboard list | grep 'blocked after' && break; sleep 0.2; done
            set -- $(compliance approvals list | awk '/-cause-1 /{print $1, $3}')
            compliance approvals answer "$1" --plan "$2" 2>&1 && exit 9
            COMPLIANCE_TOKEN=$(compliance approvals token "$other") compliance approvals answer "$1" --plan "$2"
            compliance offboard list
            """;
        var lines = await AroundAsync("env", $"CLI={Cli}", "bash", "-c", Terminal);

        Assert.Contains("(copies customer data); a second person confirms it until", lines, StringComparison.Ordinal);
        Assert.Contains("blocked after", lines, StringComparison.Ordinal);
        Assert.Contains("409: you asked for the plan: ask somebody else", lines, StringComparison.Ordinal);
        Assert.Contains("-cause-1: approved", lines, StringComparison.Ordinal);
        Assert.Contains("(copies customer data); confirmed by a second person", lines, StringComparison.Ordinal);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Cli
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory); // .../bin/Debug/net10.0
            return Path.Combine(
                RepositoryRoot.Find(),
                "src",
                "ComplianceCli",
                "bin",
                output.Parent!.Name,
                output.Name,
                "ComplianceCli.dll"
            );
        }
    }

    // Starts everything, runs a command, and stops everything; what it printed.
    private static async Task<string> AroundAsync(params IEnumerable<string> command)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Local.dll"), "around", "--", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = RepositoryRoot.Find(),
        };
        using var process = Process.Start(start)!;
        var printed = process.StandardOutput.ReadToEndAsync(Stop);
        var errors = await process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        var lines = await printed;
        Assert.True(process.ExitCode == 0, lines + errors);
        return lines;
    }
}
