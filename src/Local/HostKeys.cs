using System.Security.Cryptography;
using System.Text.Json;

namespace Local;

/// <summary>The local host's function keys, random per checkout.</summary>
/// <param name="Master">Opens <c>/admin</c>.</param>
/// <param name="Default">Opens <c>/api</c>.</param>
/// <param name="Hr">Signs HR events.</param>
internal sealed record HostKeys(string Master, string Default, string Hr)
{
    /// <summary>Reads the keys, or makes them. Only their owner can read the file.</summary>
    /// <exception cref="LaunchException">The file is not what was written.</exception>
    public static HostKeys ReadOrMake(string path)
    {
        if (!File.Exists(path))
        {
            var keys = new HostKeys(Random(), Random(), Random());
            OwnerOnlyFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(keys, JsonSerializerOptions.Web));
            return keys;
        }
        try
        {
            // A file of an earlier version holds a key more, for a webhook that is gone; it is passed over.
            if (
                JsonSerializer.Deserialize<HostKeys>(File.ReadAllText(path), JsonSerializerOptions.Web) is
                { Master: not null, Default: not null, Hr: not null } keys
            )
                return keys;
        }
        catch (JsonException)
        {
            // Refused below.
        }
        throw new LaunchException($"{path} does not hold three keys: delete it, and new ones are made");
    }

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
}
