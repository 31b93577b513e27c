using System.Security.Cryptography;
using System.Text;
using Compliance.Policies;

namespace Compliance.Tests.Policies;

public sealed class PolicyTextTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("policy-text-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_file_is_read_without_its_byte_order_mark_and_hashed_with_it()
    {
        byte[] bytes = [0xEF, 0xBB, 0xBF, .. "name: Zoë"u8];

        Assert.Equal(new("p.yaml", "name: Zoë", Convert.ToHexStringLower(SHA256.HashData(bytes))), Read(bytes));
    }

    [Fact]
    public void A_file_of_the_largest_size_is_read() =>
        Assert.Equal(YamlPolicyReader.MaxBytes, Read(Encoding.UTF8.GetBytes(new string('x', YamlPolicyReader.MaxBytes))).Text.Length);

    [Fact]
    public void A_file_that_is_one_byte_larger_is_refused() =>
        Texts.Policies.Expect(
            "a file that is too large",
            Assert.Throws<PolicyException>(() => Read(new byte[YamlPolicyReader.MaxBytes + 1])).Message
        );

    [Fact]
    public void A_file_that_is_not_UTF8_is_refused() =>
        Texts.Policies.Expect("a file that is not UTF-8", Assert.Throws<PolicyException>(() => Read([(byte)'a', 0xff])).Message);

    private PolicyText Read(byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, "p.yaml");
        File.WriteAllBytes(path, bytes);
        return PolicyText.Read(path);
    }
}
