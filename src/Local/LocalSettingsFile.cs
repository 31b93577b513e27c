using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Local;

/// <summary>
/// <c>local.settings.json</c> in the app's project, which the Core Tools read. Only a file that this class wrote, and that nobody has
/// changed since, is ever replaced or deleted: a person may keep settings of their own there.
/// </summary>
/// <param name="appFolder">The app's project folder.</param>
internal sealed class LocalSettingsFile(string appFolder)
{
    private const string Name = "local.settings.json";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Where the build for the Core Tools goes; they look there too.</summary>
    public static readonly string BuildOutput = Path.Combine("bin", "output");

    /// <summary>The file.</summary>
    public string FilePath { get; } = Path.Combine(appFolder, Name);

    // Digests of what was written last. Under obj: it belongs to the file, not to a state folder, of which there may be several.
    private string Record => Path.Combine(appFolder, "obj", "local.settings.sha256");

    /// <summary>Checks that there is no file, or one that may be replaced.</summary>
    /// <exception cref="LaunchException">Somebody else's file is there.</exception>
    public void RequireReplaceable()
    {
        if (File.Exists(FilePath) && !IsOurs(FilePath))
        {
            throw new LaunchException(
                $"{FilePath} was not written by ./scripts/run --settings-only, or was changed since, and is left as it is: move it away, "
                    + "or set in the environment what it sets, and start again"
            );
        }
    }

    /// <summary>Writes the settings, readable by their owner alone.</summary>
    /// <exception cref="LaunchException">Somebody else's file is there.</exception>
    public void Write(IReadOnlyDictionary<string, string> values)
    {
        RequireReplaceable();
        var content = JsonSerializer.SerializeToUtf8Bytes(
            new { IsEncrypted = false, Values = values.OrderBy(v => v.Key, StringComparer.Ordinal).ToDictionary(v => v.Key, v => v.Value) },
            Readable
        );
        Directory.CreateDirectory(Path.GetDirectoryName(Record)!);
        // Both are noted before the file is replaced: whichever is found after a crash is known.
        File.WriteAllLines(Record, File.Exists(FilePath) ? [Digest(File.ReadAllBytes(FilePath)), Digest(content)] : [Digest(content)]);
        OwnerOnlyFile.Write(FilePath, content);
    }

    /// <summary>Deletes the file and its copy beside the built app, unless somebody has changed them.</summary>
    public void Delete()
    {
        foreach (var file in new[] { FilePath, Path.Combine(appFolder, BuildOutput, Name) })
            if (File.Exists(file) && IsOurs(file))
                File.Delete(file);
    }

    /// <summary>
    /// Deletes the copy that a build has put beside the app that is started here, unless somebody has changed it. It is for the Core Tools:
    /// what this start leaves to its default, such as the clock, would come from it.
    /// </summary>
    /// <param name="output">The built app's folder.</param>
    public void DeleteCopy(string output)
    {
        var file = Path.Combine(output, Name);
        if (File.Exists(file) && IsOurs(file))
            File.Delete(file);
    }

    /// <summary>
    /// Checks that no settings of a sandbox tenant lie beside a built app that is to read a real one. What the launcher sets wins over the
    /// file, but for a real tenant it leaves <c>Tenant__*</c> to the user.
    /// </summary>
    /// <param name="output">The built app's folder.</param>
    /// <exception cref="LaunchException">There are.</exception>
    public static void RequireNoSandbox(string output)
    {
        var file = Path.Combine(output, Name);
        try
        {
            if (!File.Exists(file))
                return;
            using var json = JsonDocument.Parse(
                File.ReadAllBytes(file),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            );
            if (
                !json.RootElement.TryGetProperty("Values", out var values)
                || values.ValueKind != JsonValueKind.Object
                || !values.TryGetProperty("Tenant__PinnedThumbprint", out _)
            )
                return;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return; // The host has an error of its own for it, with the line.
        }
        throw new LaunchException(
            $"{file} names a sandbox tenant, not a real one: stop ./scripts/run --settings-only, delete the file there and in "
                + "src/ComplianceFunctions, and start again"
        );
    }

    private bool IsOurs(string file) => File.Exists(Record) && File.ReadAllLines(Record).Contains(Digest(File.ReadAllBytes(file)));

    private static string Digest(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
