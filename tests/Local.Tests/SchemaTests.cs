using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Text;
using NJsonSchema;

namespace Local.Tests;

public sealed class SchemaTests
{
    private static readonly string File = Path.Combine(
        RepositoryRoot.Find(),
        "src",
        "ComplianceFunctions",
        "schemas",
        "credential-report.schema.json"
    );

    private static CredentialReport Full =>
        Reports.Incomplete(
            Reports.With(
                Reports.Finding(Severity.Critical, "billing"),
                Reports.Finding(Severity.Info, "wiki", FindingStatus.Resolved) with
                {
                    Owner = null,
                    AgeDays = null,
                    Expires = null,
                }
            )
        );

    [Fact]
    public async Task What_is_printed_is_what_the_schema_says()
    {
        Assert.Empty(await ErrorsAsync(Json(Full)));
        Assert.Empty(await ErrorsAsync(Json(Reports.With() with { Tenant = new ReportTenant("t", null) })));
    }

    [Theory]
    [InlineData("run", "complete", "\"yes\"")]
    [InlineData("run", "trigger", "\"cron\"")]
    [InlineData("run", "startedAt", "\"yesterday\"")]
    [InlineData("run", "policySha256", "\"abc\"")]
    [InlineData("run", "extra", "1")]
    [InlineData("tenant", "id", "null")]
    [InlineData("evidence", "offset", "-1")]
    [InlineData("evidence", "sha256", "\"ABC\"")]
    [InlineData("findings/0", "severity", "\"urgent\"")]
    [InlineData("findings/0", "status", "\"closed\"")]
    [InlineData("findings/0", "ageDays", "1.5")]
    [InlineData("findings/0", "extra", "1")]
    [InlineData("findings/0/subject", "name", "null")]
    [InlineData("findings/0/subject", "extra", "1")]
    [InlineData("unknown/0", "scope", "\"all\"")]
    [InlineData("unknown/0", "extra", "1")]
    public async Task A_wrong_value_is_refused(string at, string property, string value)
    {
        var json = Json(Full);
        At(json, at)[property] = JsonNode.Parse(value);
        Assert.NotEmpty(await ErrorsAsync(json));
    }

    [Theory]
    [InlineData("")]
    [InlineData("run")]
    [InlineData("tenant")]
    [InlineData("evidence")]
    [InlineData("findings/0")]
    [InlineData("findings/0/subject")]
    [InlineData("unknown/0")]
    public async Task Every_property_of_the_records_is_required_and_no_other_is_known(string at)
    {
        var names = At(Json(Full), at).Select(property => property.Key).ToList();
        foreach (var name in names)
        {
            var json = Json(Full);
            At(json, at).Remove(name);
            Assert.NotEmpty(await ErrorsAsync(json));
        }
        var known = Properties(JsonNode.Parse(await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken))!, at);
        Assert.Equal(names.Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
    }

    private static JsonObject Json(CredentialReport report) => JsonSerializer.SerializeToNode(report, ComplianceJson.Readable)!.AsObject();

    private static JsonObject At(JsonNode json, string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate(json, (at, step) => (int.TryParse(step, out var index) ? at[index] : at[step])!)
            .AsObject();

    private static IEnumerable<string> Properties(JsonNode schema, string path)
    {
        var at = schema;
        foreach (var step in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            at = Resolve(step == "0" ? at["items"]! : at["properties"]![step]!);
        return at["properties"]!.AsObject().Select(property => property.Key);

        JsonNode Resolve(JsonNode node) =>
            node["$ref"] is { } reference ? schema["definitions"]![reference.GetValue<string>().Split('/')[^1]]! : node;
    }

    private static async Task<string[]> ErrorsAsync(JsonObject json)
    {
        var schema = await JsonSchema.FromFileAsync(File, TestContext.Current.CancellationToken);
        return [.. schema.Validate(json.ToJsonString()).Select(error => error.ToString())];
    }
}
