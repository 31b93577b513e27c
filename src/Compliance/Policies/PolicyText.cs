using System.Security.Cryptography;
using System.Text;

namespace Compliance.Policies;

/// <summary>A policy file as text.</summary>
/// <param name="Name">File name without its folder, for problems.</param>
/// <param name="Text">Its text, without a byte-order mark.</param>
/// <param name="Sha256">SHA-256 of its bytes, lower-case hex.</param>
internal sealed record PolicyText(string Name, string Text, string Sha256)
{
    /// <summary>Reads a policy file.</summary>
    /// <exception cref="PolicyException">It is too large or is not UTF-8.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static PolicyText Read(string path)
    {
        var name = Path.GetFileName(path);
        using var stream = File.OpenRead(path);
        if (stream.Length > YamlPolicyReader.MaxBytes)
            throw new PolicyException([new(name, 1, 1, $"the file is larger than {YamlPolicyReader.MaxBytes / 1024} KiB")]);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        try
        {
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            return new(name, text.TrimStart('\uFEFF'), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        catch (DecoderFallbackException)
        {
            throw new PolicyException([new(name, 1, 1, "the file is not UTF-8 text")]);
        }
    }

    /// <summary>SHA-256 of a text as UTF-8, lower-case hex.</summary>
    public static string Sha256Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
