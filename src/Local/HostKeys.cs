using System.Security.Cryptography;
using System.Text.Json;

namespace Local;

/// <summary>The keys of an app on this machine, random per checkout. Its functions are opened by tokens, not by a key.</summary>
/// <param name="Master">Opens <c>/admin</c>.</param>
/// <param name="Hr">Signs HR events.</param>
internal sealed record HostKeys(string Master, string Hr)
{
    /// <summary>Reads the keys, or makes them. Only their owner can read the file.</summary>
    /// <exception cref="LaunchException">The file is not what was written.</exception>
    public static HostKeys ReadOrMake(string path)
    {
        if (!File.Exists(path))
        {
            var keys = new HostKeys(Random(), Random());
            OwnerOnlyFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(keys, JsonSerializerOptions.Web));
            return keys;
        }
        try
        {
            // A file of an earlier version holds more: keys of what is gone are passed over.
            if (
                JsonSerializer.Deserialize<HostKeys>(File.ReadAllText(path), JsonSerializerOptions.Web) is
                { Master: not null, Hr: not null } keys
            )
                return keys;
        }
        catch (JsonException)
        {
            // Refused below.
        }
        throw new LaunchException($"{path} does not hold two keys: delete it, and new ones are made");
    }

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
}
