using System.Text;
using System.Text.Json.Nodes;
using Compliance.Plans;

namespace Compliance.Tests.Plans;

/// <summary>RFC 8785: its own vectors, and the numbers of its appendix B.</summary>
public sealed class CanonicalJsonTests
{
    private const string Variable = "COMPLIANCE_SCHEMAS";

    [Theory]
    [InlineData("arrays")]
    [InlineData("french")]
    [InlineData("structures")]
    [InlineData("unicode")]
    [InlineData("values")]
    [InlineData("weird")]
    public async Task The_published_vectors_come_out_byte_for_byte(string name)
    {
        var stop = TestContext.Current.CancellationToken;
        Assert.SkipUnless(Vectors() is not null, $"the RFC's vectors are not here; set {Variable} to the folder that holds jcs/input and jcs/output");
        var input = await File.ReadAllBytesAsync(Path.Combine(Vectors()!, "input", $"{name}.json"), stop);
        var output = await File.ReadAllTextAsync(Path.Combine(Vectors()!, "output", $"{name}.json"), stop);

        Assert.Equal(output.TrimEnd('\n'), Encoding.UTF8.GetString(CanonicalJson.Of(JsonNode.Parse(input))));
    }

    [Theory]
    [InlineData(0x0000000000000000UL, "0")]
    [InlineData(0x8000000000000000UL, "0")]
    [InlineData(0x0000000000000001UL, "5e-324")]
    [InlineData(0x8000000000000001UL, "-5e-324")]
    [InlineData(0x7fefffffffffffffUL, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffffUL, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000UL, "9007199254740992")]
    [InlineData(0xc340000000000000UL, "-9007199254740992")]
    [InlineData(0x4430000000000000UL, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5UL, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6UL, "1e+23")]
    [InlineData(0x44b52d02c7e14af7UL, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4eUL, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4fUL, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50UL, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8cUL, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8dUL, "0.000001")]
    [InlineData(0x41b3de4355555553UL, "333333333.3333332")]
    [InlineData(0x41b3de4355555555UL, "333333333.3333333")]
    [InlineData(0xbecbf647612f3696UL, "-0.0000033333333333333333")]
    public void A_number_is_written_as_the_RFC_writes_it(ulong bits, string text) =>
        Assert.Equal(text, Encoding.UTF8.GetString(CanonicalJson.Of(JsonValue.Create(BitConverter.UInt64BitsToDouble(bits)))));

    [Fact]
    public void Text_with_half_a_character_is_refused() => Assert.Throws<ArgumentException>(() => CanonicalJson.Of((JsonNode?)JsonValue.Create("\ud800")));

    // Beside this repository, or where the variable says.
    private static string? Vectors()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return Path.Combine(named, "jcs");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Combine(folder.FullName, "shared", "schemas", "jcs") is var found && Directory.Exists(found))
                return found;
        return null;
    }
}
