using System.Text.Json;
using Local;
using NJsonSchema;

namespace EndToEnd;

/// <summary>The main job as a user runs it: real Azurite, real sandbox, real app, each a process.</summary>
public sealed class OnceTests : IDisposable
{
    private readonly Checkout _checkout = new();

    public void Dispose() => _checkout.Dispose();

    [Fact]
    public async Task The_check_over_the_demo_tenant_prints_its_report_by_the_schema_and_the_second_run_changes_nothing()
    {
        var schema = await JsonSchema.FromFileAsync(
            Path.Combine(RepositoryRoot.Find(), "src", "ComplianceFunctions", "schemas", "credential-report.schema.json"),
            TestContext.Current.CancellationToken
        );

        var first = await _checkout.RunAsync("--once", "--json", "--now", Checkout.Now);
        var second = await _checkout.RunAsync("--once", "--json", "--now", Checkout.Now);

        Assert.Equal((0, 0), (first.Exit, second.Exit));
        Assert.Empty(schema.Validate(first.Output));
        using var before = JsonDocument.Parse(first.Output);
        using var after = JsonDocument.Parse(second.Output);
        Assert.True(before.RootElement.GetProperty("run").GetProperty("complete").GetBoolean());
        Assert.NotEmpty(before.RootElement.GetProperty("findings").EnumerateArray());
        Assert.Equal(before.RootElement.GetProperty("findings").GetRawText(), after.RootElement.GetProperty("findings").GetRawText());
        Assert.Equal(0, after.RootElement.GetProperty("run").GetProperty("counts").GetProperty("opened").GetInt32());
        Assert.Equal(
            before.RootElement.GetProperty("evidence").GetProperty("findingsSha256").GetString(),
            after.RootElement.GetProperty("evidence").GetProperty("findingsSha256").GetString()
        );
    }

    [Fact]
    public async Task The_readme_shows_what_is_really_printed()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Find(), "README.md"), TestContext.Current.CancellationToken);
        var sample = readme.Split("```text\n")[1].Split("```")[0].Split('\n');
        var shown = sample.Select(l => l.TrimEnd()).Where(l => l.Length > 0 && l != "…");

        var run = await _checkout.RunAsync("--once", "--now", Checkout.Now);

        var printed = run.Output.Split('\n').Select(l => l.TrimEnd()).ToHashSet(StringComparer.Ordinal);
        Assert.All(shown, line => Assert.Contains(line, printed));
    }

    [Fact]
    public async Task A_finding_at_the_given_severity_makes_the_exit_code_2_and_an_unread_source_makes_it_3()
    {
        var high = await _checkout.RunAsync("--once", "--fail-on", "high", "--now", Checkout.Now);
        var unread = await _checkout.RunAsync(
            "--once",
            "--fail-on",
            "high",
            "--now",
            Checkout.Now,
            "--faults",
            "graph/servicePrincipals* => status=403"
        );

        Assert.Equal((2, 3), (high.Exit, unread.Exit));
        Assert.Contains("missing permission: Application.Read.All", unread.Output, StringComparison.Ordinal);
        Assert.Contains("Not every source was read", unread.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_folder_is_read_and_a_bad_one_is_refused_with_file_path_and_reason()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_checkout.State, "tenant")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, "applications.json"),
            """
            {"value":[{"id":"0b5a0f6c-1111-4222-8333-444455556666","appId":"7c9e6679-7425-40de-944b-e07fc1f90ae7",
             "displayName":"billing","keyCredentials":[],"passwordCredentials":[{"keyId":"1a2b3c4d-0000-4000-8000-000000000001",
             "startDateTime":"2026-01-01T00:00:00Z","endDateTime":"2026-12-31T00:00:00Z"}]}]}
            """,
            TestContext.Current.CancellationToken
        );
        await File.WriteAllTextAsync(
            Path.Combine(folder, "subscriptions.json"),
            """
            {"value":[{"id":"/subscriptions/aaaaaaaa-0000-4000-8000-000000000001",
             "subscriptionId":"aaaaaaaa-0000-4000-8000-000000000001","displayName":"prod","state":"Enabled"}]}
            """,
            TestContext.Current.CancellationToken
        );
        var read = await _checkout.RunAsync("--once", "--json", "--now", Checkout.Now, "--tenant", folder);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "applications.json"),
            """{"value":[{"displayName":"no id"}]}""",
            TestContext.Current.CancellationToken
        );
        var refused = await _checkout.RunAsync("--once", "--now", Checkout.Now, "--tenant", folder);

        Assert.Equal(0, read.Exit);
        using var report = JsonDocument.Parse(read.Output);
        Assert.Contains(
            report.RootElement.GetProperty("findings").EnumerateArray(),
            f => f.GetProperty("control").GetString() == "CRED-001" && f.GetProperty("ageDays").GetInt32() == 326
        );
        Assert.Equal(1, refused.Exit);
        Assert.Contains("applications.json", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("$.value[0]", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_correlation_id_joins_the_report_the_log_and_the_log_is_json()
    {
        var run = await _checkout.RunAsync("--once", "--json", "--now", Checkout.Now);
        using var report = JsonDocument.Parse(run.Output);
        var id = report.RootElement.GetProperty("run").GetProperty("correlationId").GetString()!;

        var lines = await File.ReadAllLinesAsync(
            Path.Combine(_checkout.State, "once", "logs", "app.log"),
            TestContext.Current.CancellationToken
        );
        var about = lines.Where(l => l.Contains(id, StringComparison.Ordinal)).ToList();

        Assert.True(about.Count >= 2, "the id is in fewer than two lines of the log");
        Assert.All(about, line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
    }

    [Fact]
    public async Task No_secret_of_the_tenant_or_of_this_machine_is_in_any_log_or_output()
    {
        var run = await _checkout.RunAsync("--once", "--json", "--now", Checkout.Now);
        using var keys = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(_checkout.State, "keys.json"), TestContext.Current.CancellationToken)
        );
        var planted = new List<string> { "planted-secret-value-", "eyJ", "AccountKey=" };
        planted.AddRange(
            keys.RootElement.EnumerateObject().Where(k => k.Value.ValueKind == JsonValueKind.String).Select(k => k.Value.GetString()!)
        );
        var texts = Directory
            .EnumerateFiles(Path.Combine(_checkout.State, "once", "logs"), "*", SearchOption.AllDirectories)
            .Select(File.ReadAllText)
            .Append(run.Output)
            .Append(run.Errors)
            .ToList();

        Assert.True(texts.Count > 4);
        Assert.All(planted, secret => Assert.All(texts, text => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
    }
}
