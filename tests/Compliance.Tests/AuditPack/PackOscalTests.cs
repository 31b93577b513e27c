using System.Text.Json.Nodes;
using Compliance.AuditPack;
using Compliance.Findings;
using Compliance.Tests.Ledger.Verification;
using NJsonSchema;

namespace Compliance.Tests.AuditPack;

/// <summary>The OSCAL files are as NIST's schemas want them, and claim nothing that was not seen.</summary>
public sealed class PackOscalTests : IDisposable
{
    private readonly PackDesk _desk = new();

    public void Dispose() => _desk.Dispose();

    [Theory]
    [InlineData("assessment-results.json", "oscal_assessment-results_schema.json")]
    [InlineData("poam.json", "oscal_poam_schema.json")]
    public async Task The_file_is_valid_by_the_published_schema(string name, string schemaFile)
    {
        Assert.SkipUnless(
            PublishedFiles.Find(schemaFile) is not null,
            $"NIST's schemas are not here; set {PublishedFiles.Variable} to the folder that holds {schemaFile}"
        );
        var cancellationToken = TestContext.Current.CancellationToken;
        var schema = await JsonSchema.FromJsonAsync(
            await File.ReadAllTextAsync(PublishedFiles.Find(schemaFile)!, cancellationToken),
            cancellationToken
        );
        await MakeAsync();
        var json = _desk.Read(name);

        Assert.Empty(schema.Validate(json));

        // The schema is one that sees something: each of these breaks another rule of it.
        var root = JsonNode.Parse(json)!.AsObject().First(p => p.Value is JsonObject).Key;
        foreach (
            var spoil in (Action<JsonObject>[])
                [
                    o => o.Remove("uuid"),
                    o => o["uuid"] = "x",
                    o => o["stranger"] = 1,
                    o => o["metadata"]!["last-modified"] = "yesterday",
                    o => o["metadata"]!["title"] = 1,
                ]
        )
        {
            var spoilt = JsonNode.Parse(json)!;
            spoil(spoilt[root]!.AsObject());
            Assert.NotEmpty(schema.Validate(spoilt.ToJsonString()));
        }
    }

    [Theory]
    [InlineData("soc2")]
    [InlineData("iso42001")]
    public async Task Assessment_results_without_state_or_any_evidence_are_valid_too(string framework)
    {
        var file = PublishedFiles.Find("oscal_assessment-results_schema.json");
        Assert.SkipUnless(file is not null, $"NIST's schemas are not here; set {PublishedFiles.Variable}");
        var cancellationToken = TestContext.Current.CancellationToken;
        var schema = await JsonSchema.FromJsonAsync(await File.ReadAllTextAsync(file, cancellationToken), cancellationToken);
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9, Framework.All.Single(f => f.Key == framework)));

        Assert.Empty(schema.Validate(_desk.Read("assessment-results.json")));
    }

    [Fact]
    public async Task Nothing_is_told_as_satisfied_and_unseen_controls_are_excluded()
    {
        await MakeAsync();

        var result = JsonNode.Parse(_desk.Read("assessment-results.json"))!["assessment-results"]!["results"]![0]!;
        var selection = result["reviewed-controls"]!["control-selections"]![0]!;
        Assert.Equal(["CRED-001"], selection["include-controls"]!.AsArray().Select(c => (string)c!["control-id"]!));
        Assert.Equal(
            PackDesk.Soc2.Controls.Select(c => c.Id).Where(id => id != "CRED-001"),
            selection["exclude-controls"]!.AsArray().Select(c => (string)c!["control-id"]!)
        );
        Assert.Equal(
            ["not-satisfied", "not-satisfied"],
            result["findings"]!.AsArray().Select(f => (string)f!["target"]!["status"]!["state"]!)
        );
        Assert.Equal(
            ["closed", "deviation-approved", "open"],
            result["risks"]!.AsArray().Select(r => (string)r!["status"]!).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Ids_lead_from_the_plan_to_the_results_and_to_the_files()
    {
        await MakeAsync();

        var results = JsonNode.Parse(_desk.Read("assessment-results.json"))!["assessment-results"]!;
        var plan = JsonNode.Parse(_desk.Read("poam.json"))!["plan-of-action-and-milestones"]!;
        var resources = results["back-matter"]!["resources"]!.AsArray();
        var risks = results["results"]![0]!["risks"]!.AsArray().Select(r => (string)r!["uuid"]!).ToHashSet();
        Assert.Equal(2, plan["poam-items"]!.AsArray().Count);
        Assert.All(plan["poam-items"]!.AsArray(), item => Assert.Contains((string)item!["related-risks"]![0]!["risk-uuid"]!, risks));
        Assert.Equal((string)results["import-ap"]!["href"]!, $"#{resources[0]!["uuid"]}");
        var sums = _desk.Lines("SHA256SUMS").ToDictionary(l => l[66..], l => l[..64]);
        Assert.All(resources.Skip(1), r => Assert.Equal(sums[(string)r!["title"]!], (string)r["rlinks"]![0]!["hashes"]![0]!["value"]!));
    }

    [Fact]
    public async Task Texts_are_one_line_that_shows_their_markup()
    {
        await MakeAsync();

        var findings = JsonNode.Parse(_desk.Read("assessment-results.json"))!["assessment-results"]!["results"]![0]!["findings"]!.AsArray();
        var description = findings.Select(f => (string)f!["description"]!).First(d => d.Contains("markup", StringComparison.Ordinal));
        Assert.EndsWith(@": two lines \*and\* \<b\>markup\</b\>", description, StringComparison.Ordinal);
        Texts.AuditPack.Expect("a finding that could not be decided, in OSCAL", description);
    }

    // RFC 9562, appendix A.4.
    [Fact]
    public void Version_5_ids_are_those_of_the_RFC() =>
        Assert.Equal(
            "2ed6657d-e927-568b-95e1-2665a8aea6a2",
            PackOscal.Uuid(new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com")
        );

    private async Task MakeAsync()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var odd = PackDesk.Finding("CRED-002", 5) with
        {
            Detection = PackDesk.Finding("CRED-002", 5).Detection with
            {
                Reason = " two\n lines  *and* <b>markup</b> ",
                NextStep = "",
                Unknown = true,
            },
        };
        await _desk.MakeAsync(
            ledger,
            PackDesk.Of(ledger, 0, 9),
            PackDesk.State([PackContentsTests.Waived(), odd, PackDesk.Finding("CRED-004", 2, FindingStatus.Resolved, 6)])
        );
    }
}
