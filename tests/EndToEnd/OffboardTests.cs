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
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = RepositoryRoot.Find() };
        var output = new DirectoryInfo(AppContext.BaseDirectory); // .../bin/Debug/net10.0
        var cli = Path.Combine(RepositoryRoot.Find(), "src", "ComplianceCli", "bin", output.Parent!.Name, output.Name, "ComplianceCli.dll");
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "Local.dll"), "around", "--", "dotnet", cli, "offboard", "demo", "--certificate", page })
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            var printed = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            var lines = await printed;

            Assert.True(process.ExitCode == 0, lines + errors);
            Assert.Contains("agrees to plan", lines, StringComparison.Ordinal);
            Assert.Contains("Certificate: clear;", lines, StringComparison.Ordinal);
            Assert.Contains("Evidence   the record names the certificate's digest", lines, StringComparison.Ordinal);
            Assert.Contains("Tenant     a fresh read agrees: the account is disabled", lines, StringComparison.Ordinal);
            Assert.StartsWith("<!doctype html>", await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken), StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            File.Delete(page);
        }
    }
}
