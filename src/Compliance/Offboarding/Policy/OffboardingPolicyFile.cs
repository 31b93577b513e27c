using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Compliance.Controls;
using Compliance.Policies;

namespace Compliance.Offboarding.Policy;

/// <summary>Gives the offboarding policy in force.</summary>
internal interface IOffboardingPolicySource
{
    /// <summary>Reads the policy.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed with its line.</exception>
    OffboardingPolicy Load();
}

/// <summary>The policy as a file. It is read again when the file has changed, so that a case acts under what holds now.</summary>
internal sealed class OffboardingPolicyFile(string path) : IOffboardingPolicySource
{
    /// <summary>Setting with the path of the policy file; the file shipped beside the app unless given.</summary>
    public const string Setting = "Policy:Offboarding";

    private static readonly Lazy<PolicySchema> Schema = new(() => PolicySchema.Embedded("offboarding.schema.json"));

    private readonly Lock _lock = new();
    private (DateTime Written, long Length, OffboardingPolicy Policy)? _read;

    /// <inheritdoc/>
    public OffboardingPolicy Load()
    {
        var file = new FileInfo(path);
        lock (_lock)
        {
            if (_read is { } known && known.Written == file.LastWriteTimeUtc && known.Length == file.Length)
                return known.Policy;
            var policy = Parse(File.ReadAllBytes(path), file.Name);
            _read = (file.LastWriteTimeUtc, file.Length, policy);
            return policy;
        }
    }

    /// <summary>Reads a policy from its bytes; the hash is over them.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    internal static OffboardingPolicy Parse(byte[] bytes, string name)
    {
        string text;
        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new PolicyException([new(name, 1, 1, "the file is not UTF-8 text")]);
        }
        var root = YamlPolicyReader.Read(text, name, Schema.Value).Root;
        var problems = new List<PolicyProblem>();
        var otherwise = new OffboardingPolicy { Sha256 = "" };
        var policy = new OffboardingPolicy
        {
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)),
            Match = root["match"] is { } match ? [.. match.Items().Select(r => Rule(r, problems)).OfType<MatchRule>()] : otherwise.Match,
            ProtectedGroups = Set(root["protected"]?["groups"], otherwise.ProtectedGroups),
            ProtectedAccounts = Set(root["protected"]?["accounts"], otherwise.ProtectedAccounts),
            ServiceAccounts = root["serviceAccounts"]?["patterns"] is { } patterns ? [.. patterns.Items().Select(p => p.Text)] : otherwise.ServiceAccounts,
            ServiceEmployeeTypes = Set(root["serviceAccounts"]?["employeeTypes"], otherwise.ServiceEmployeeTypes),
            MostPerHour = root["caps"]?["perHour"] is { } hour ? int.Parse(hour.Text, CultureInfo.InvariantCulture) : otherwise.MostPerHour,
            MostOfStaffPerDay = root["caps"]?["shareOfStaffPerDay"] is { } share ? double.Parse(share.Text, CultureInfo.InvariantCulture) : otherwise.MostOfStaffPerDay,
            ApproveFirstAct = root["approvals"]?["firstAct"]?.Flag ?? otherwise.ApproveFirstAct,
            ApprovalWithin = Period(root["approvals"]?["within"]) ?? otherwise.ApprovalWithin,
            ClearWithin = Period(root["clearWithin"]) ?? otherwise.ClearWithin,
            WatchFor = Period(root["watchFor"]) ?? otherwise.WatchFor,
            TokenLifetime = Period(root["tokenLifetime"]) ?? otherwise.TokenLifetime,
            PrivilegedRemovals = root["privilegedRemovals"]?.Flag ?? otherwise.PrivilegedRemovals,
            RetireDevices = root["devices"]?.Flag ?? otherwise.RetireDevices,
            RemoveLicences = root["licences"]?.Flag ?? otherwise.RemoveLicences,
            RemoveSignInMethods = root["signInMethods"]?.Flag ?? otherwise.RemoveSignInMethods,
            HandOverMailAndFiles = root["mailAndFiles"]?.Flag ?? otherwise.HandOverMailAndFiles,
            PrivilegedOwner = root["owners"]?["privileged"]?.Text,
            FallbackOwner = root["owners"]?["fallback"]?.Text,
            AssetTag = root["assets"]?["tag"]?.Text ?? otherwise.AssetTag,
            ProductionModelValues = Set(root["assets"]?["productionModel"], otherwise.ProductionModelValues),
            TrainingDataValues = Set(root["assets"]?["trainingData"], otherwise.TrainingDataValues),
            OwnerTag = root["ownerTag"]?.Text ?? otherwise.OwnerTag,
            Roster = root["roster"]?.Text,
            // Silence of HR is watched only where policy says how long is too long.
            Heartbeat = Period(root["heartbeat"]),
            NotInspected = root["notInspected"] is { } systems ? [.. systems.Items().Select(s => s.Text)] : [],
            Severities = (root["severity"]?.Properties() ?? []).ToFrozenDictionary(p => p.Name, p => Enum.Parse<Severity>(p.Value.Text, ignoreCase: true), StringComparer.Ordinal),
            Contact = root["contact"]?.Text,
        };
        foreach (var (control, node) in root["severity"]?.Properties() ?? [])
            if (!ControlCatalogue.All.Any(c => c.Id == control))
                problems.Add(node.Problem($"there is no control {control}"));
        YamlPolicyReader.Throw(problems);
        return policy;
    }

    private static MatchRule? Rule(PolicyNode node, List<PolicyProblem> problems)
    {
        var attributes = node.Items().Select(a => a.Text).ToList();
        if (!attributes.Contains("employeeId", StringComparer.Ordinal) && attributes.Count < 2)
        {
            problems.Add(node.Problem($"'{attributes[0]}' alone is not enough to know a person by, since it can be given to somebody else: name a second attribute that must agree"));
            return null;
        }
        return new MatchRule(attributes);
    }

    private static IReadOnlySet<string> Set(PolicyNode? node, IReadOnlySet<string> otherwise) =>
        node is { } list ? list.Items().Select(i => i.Text).ToFrozenSet(StringComparer.OrdinalIgnoreCase) : otherwise;

    private static TimeSpan? Period(PolicyNode? node)
    {
        if (node is not { } n)
            return null;
        var count = int.Parse(n.Text.AsSpan(0, n.Text.Length - 1), CultureInfo.InvariantCulture);
        return n.Text[^1] switch { 'm' => TimeSpan.FromMinutes(count), 'h' => TimeSpan.FromHours(count), _ => TimeSpan.FromDays(count) };
    }
}
