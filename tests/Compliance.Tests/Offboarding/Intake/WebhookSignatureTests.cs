using System.Security.Cryptography;
using System.Text;
using Compliance.Offboarding.Intake;
using CsCheck;
using Testing;
using static Compliance.Offboarding.Intake.WebhookSignature;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class WebhookSignatureTests
{
    private static readonly byte[] Old = Encoding.UTF8.GetBytes("old-key-old-key-old-key-old-key-1");
    private static readonly byte[] New = Encoding.UTF8.GetBytes("new-key-new-key-new-key-new-key-2");
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("{\"specversion\":\"1.0\"}");
    private static readonly string Time = Seconds(Hr.Now);

    [Fact]
    public void A_signature_is_what_anybody_makes_with_the_key_over_time_dot_and_body()
    {
        var expected = HMACSHA256.HashData(Old, Encoding.UTF8.GetBytes($"1795413600.{Encoding.UTF8.GetString(Body)}"));

        Assert.Equal($"v1={Convert.ToHexStringLower(expected)}", Sign(Old, DateTimeOffset.FromUnixTimeSeconds(1795413600), Body));
    }

    [Fact]
    public void The_documented_commands_make_the_same_signature() =>
        Assert.Equal(
            // printf '%s.%s' 1795413600 '{"a":1}' | openssl dgst -sha256 -hmac old-key-old-key-old-key-old-key-1 -hex
            "v1=c487e46c455005b6b533339451b23babcf7d69d92acf85b404beec55787b1903",
            Sign(Old, DateTimeOffset.FromUnixTimeSeconds(1795413600), "{\"a\":1}"u8)
        );

    [Fact]
    public void Either_key_is_valid_while_it_is_rotated_and_any_of_several_signatures_counts()
    {
        var (byOld, byNew) = (Sign(Old, Hr.Now, Body), Sign(New, Hr.Now, Body));

        Assert.Equal(SignatureVerdict.Valid, Check(Time, byOld, Body, [New, Old], Hr.Now));
        Assert.Equal(SignatureVerdict.Valid, Check(Time, byNew, Body, [New, Old], Hr.Now));
        Assert.Equal(SignatureVerdict.Valid, Check(Time, $"{byOld}, {byNew}", Body, [New], Hr.Now));
        Assert.Equal(
            SignatureVerdict.Valid,
            Check(Time, $"v0=xyz,{byNew.ToUpperInvariant().Replace("V1", "v1", StringComparison.Ordinal)}", Body, [New], Hr.Now)
        );
        Assert.Equal(SignatureVerdict.Forged, Check(Time, byOld, Body, [New], Hr.Now));
        Assert.Equal(SignatureVerdict.Forged, Check(Time, byOld, Body, [], Hr.Now));
    }

    [Theory]
    [InlineData(-300, nameof(SignatureVerdict.Valid))]
    [InlineData(300, nameof(SignatureVerdict.Valid))]
    [InlineData(-301, nameof(SignatureVerdict.Stale))]
    [InlineData(301, nameof(SignatureVerdict.Stale))]
    public void The_time_may_be_five_minutes_away_and_no_more(int seconds, string verdict) =>
        Assert.Equal(
            verdict,
            Check(Seconds(Hr.Now.AddSeconds(seconds)), Sign(Old, Hr.Now.AddSeconds(seconds), Body), Body, [Old], Hr.Now).ToString()
        );

    [Theory]
    [InlineData(null, "v1", nameof(SignatureVerdict.Missing))]
    [InlineData("", "v1", nameof(SignatureVerdict.Missing))]
    [InlineData("1795413600", null, nameof(SignatureVerdict.Missing))]
    [InlineData("1795413600", "", nameof(SignatureVerdict.Missing))]
    [InlineData("1795413600.0", "$", nameof(SignatureVerdict.Malformed))]
    [InlineData("+1795413600", "$", nameof(SignatureVerdict.Malformed))]
    [InlineData("01795413600", "$", nameof(SignatureVerdict.Malformed))]
    [InlineData("١٧٩٥٤١٣٦٠٠", "$", nameof(SignatureVerdict.Malformed))]
    [InlineData("999999999999999999999", "$", nameof(SignatureVerdict.Malformed))]
    [InlineData("1795413600", "v2=$", nameof(SignatureVerdict.Malformed))]
    [InlineData("1795413600", "v1=", nameof(SignatureVerdict.Malformed))]
    [InlineData("1795413600", "v1=zz", nameof(SignatureVerdict.Malformed))]
    [InlineData("1795413600", "$,$,$,$,$", nameof(SignatureVerdict.Malformed))]
    [InlineData("1795413600", "$,v1=00", nameof(SignatureVerdict.Malformed))]
    [InlineData("1", "$", nameof(SignatureVerdict.Stale))]
    public void Headers_that_are_not_as_they_should_be_are_told_apart(string? time, string? signature, string verdict)
    {
        var good = Sign(Old, DateTimeOffset.FromUnixTimeSeconds(1795413600), Body);

        Assert.Equal(
            verdict,
            Check(
                    time,
                    signature?.Replace("$", good, StringComparison.Ordinal),
                    Body,
                    [Old],
                    DateTimeOffset.FromUnixTimeSeconds(1795413600)
                )
                .ToString()
        );
    }

    [Fact]
    public void A_bit_changed_anywhere_is_noticed()
    {
        var good = Sign(Old, Hr.Now, Body)["v1=".Length..];
        Gen.Select(Gen.Int[0, Body.Length - 1], Gen.Int[0, 31], Gen.Int[0, 7], Gen.Int[-200, 200])
            .Sample(
                (at, digit, bit, seconds) =>
                {
                    var body = Body.ToArray();
                    body[at] ^= (byte)(1 << bit);
                    var signature = Convert.FromHexString(good);
                    signature[digit] ^= (byte)(1 << bit);

                    Assert.Equal(SignatureVerdict.Forged, Check(Time, $"v1={good}", body, [Old, New], Hr.Now));
                    Assert.Equal(
                        SignatureVerdict.Forged,
                        Check(Time, $"v1={Convert.ToHexStringLower(signature)}", Body, [Old, New], Hr.Now)
                    );
                    if (seconds != 0)
                        Assert.Equal(
                            SignatureVerdict.Forged,
                            Check(Seconds(Hr.Now.AddSeconds(seconds)), $"v1={good}", Body, [Old, New], Hr.Now)
                        );
                },
                iter: TestSize.Times(500)
            );
    }
}
