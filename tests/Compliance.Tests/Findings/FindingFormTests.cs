using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Text;
using static Compliance.Tests.Findings.Samples;

namespace Compliance.Tests.Findings;

/// <summary>The forms in which findings are kept, hashed and named.</summary>
public sealed class FindingFormTests
{
    [Fact]
    public void A_digest_is_the_hash_of_the_findings_lines_by_id()
    {
        var known = Known(App("a"), App("b"), App("c"));
        var findings = known.Values.Select(s => s.Finding).OrderByDescending(f => f.Id, StringComparer.Ordinal).ToList();
        var lines = Enumerable.Reverse(findings).Select(f => JsonSerializer.Serialize(f, ComplianceJson.Compact) + "\n");

        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines)))),
            FindingDigest.Compute(findings)
        );
    }

    [Theory]
    [InlineData(8_000, "", 8_000, "")]
    [InlineData(8_001, "", 7_999, "…")]
    [InlineData(7_999, "😀", 7_999, "…")] // the pair would end behind the limit
    [InlineData(7_998, "😀x", 7_998, "…")] // the pair would be halved
    [InlineData(7_997, "😀xx", 7_997, "😀…")]
    public void A_text_over_the_limit_is_cut_between_characters(int letters, string end, int kept, string keptEnd) =>
        Assert.Equal(new string('.', kept) + keptEnd, FindingText.Fit(App() with { Reason = new string('.', letters) + end }).Reason);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(23, 0)]
    [InlineData(24, 1)]
    [InlineData(47, 1)]
    [InlineData(-1, null)]
    public void A_findings_age_is_in_whole_days_and_unknown_before_its_start(int hours, int? days) =>
        Assert.Equal(days, Finding(App() with { Since = Day1 }).AgeDays(Day1.AddHours(hours)));

    [Fact]
    public void A_finding_without_a_start_has_no_age() => Assert.Null(Finding(App() with { Since = null }).AgeDays(Day1));

    [Fact]
    public void The_sources_have_their_stored_names() =>
        Assert.Equal(
            ("app/queues/work", "app/deadLetters/lost", "arm/subscriptions/s1/resources", "keyvault/subscriptions/s1/vaults/kv/secrets"),
            (
                Sources.Queue("work"),
                Sources.DeadLetters("lost"),
                Sources.Resources("s1"),
                Sources.Vault("/subscriptions/S1/vaults/KV", "secrets")
            )
        );

    [Fact]
    public void Reports_are_indented() =>
        Assert.Equal("{\n  \"id\": \"r\"\n}", JsonSerializer.Serialize(new { Id = "r" }, ComplianceJson.Readable).ReplaceLineEndings("\n"));

    [Fact]
    public void A_severity_is_not_read_from_a_number()
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Severity>("1", ComplianceJson.Compact));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Severity>("1", ComplianceJson.Readable));
    }

    private static Finding Finding(Detection detection) => Known(detection).Values.Single().Finding;
}
