using System.Globalization;
using Compliance.Policies;
using Microsoft.Extensions.Configuration;

namespace Compliance.Ledger;

/// <summary>How long evidence is kept, by record class: the first word of a record's action.</summary>
/// <param name="Default">For classes that are not named.</param>
/// <param name="Classes">By class.</param>
/// <param name="Sha256">SHA-256 of the policy's file, lower-case hex.</param>
internal sealed record EvidencePolicy(TimeSpan Default, IReadOnlyDictionary<string, TimeSpan> Classes, string Sha256)
{
    /// <summary>Setting with the path of the policy file; the file shipped beside the app unless given.</summary>
    public const string Setting = "Policy:Evidence";

    private static readonly Lazy<PolicySchema> Schema = new(() => PolicySchema.Embedded("evidence.schema.json"));

    /// <summary>The longest of all: so long the ledger itself must not be changed.</summary>
    public TimeSpan Longest => Classes.Values.Append(Default).Max();

    /// <summary>For how long evidence of a class is kept.</summary>
    /// <param name="recordClass">For example <c>offboarding</c>.</param>
    public TimeSpan For(string recordClass) => Classes.GetValueOrDefault(recordClass, Default);

    /// <summary>Reads the policy that the settings name.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static EvidencePolicy LoadFile(IConfiguration configuration)
    {
        var file = PolicyText.Read(
            configuration[Setting] is { Length: > 0 } path ? path : Path.Combine(AppContext.BaseDirectory, "policy", "evidence.yaml")
        );
        return Load(file.Text, file.Name, file.Sha256);
    }

    /// <summary>Reads a policy.</summary>
    /// <param name="yaml">The policy.</param>
    /// <param name="fileName">Name for messages.</param>
    /// <param name="sha256">SHA-256 of its file, lower-case hex.</param>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    public static EvidencePolicy Load(string yaml, string fileName, string sha256)
    {
        var classes = YamlPolicyReader.Read(yaml, fileName, Schema.Value).Root["retention"]!
            .Value.Properties()
            .ToDictionary(
                p => p.Item1,
                p => TimeSpan.FromDays(int.Parse(p.Item2.Text.AsSpan(0, p.Item2.Text.Length - 1), CultureInfo.InvariantCulture)),
                StringComparer.Ordinal
            );
        classes.Remove("default", out var otherwise);
        return new(otherwise, classes, sha256);
    }
}
