using System.Globalization;
using Compliance.Controls;
using Compliance.Policies;

namespace Compliance.Offboarding.Policy;

/// <summary>Reads the policy of offboarding.</summary>
internal static class OffboardingPolicyLoader
{
    private static readonly Lazy<PolicySchema> Schema = new(() => PolicySchema.Embedded("offboarding.schema.json"));

    /// <summary>Reads a policy file. The hash is over its bytes.</summary>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static OffboardingPolicy LoadFile(string path)
    {
        var file = PolicyText.Read(path);
        return Load(file.Text, file.Name, file.Sha256);
    }

    /// <summary>Reads a policy. The hash is over its text as UTF-8.</summary>
    /// <param name="yaml">The policy.</param>
    /// <param name="fileName">Name for messages.</param>
    /// <exception cref="PolicyException">It cannot be used; every problem is listed.</exception>
    public static OffboardingPolicy Load(string yaml, string fileName) => Load(yaml, fileName, PolicyText.Sha256Of(yaml));

    private static OffboardingPolicy Load(string yaml, string fileName, string sha256)
    {
        var root = YamlPolicyReader.Read(yaml, fileName, Schema.Value).Root;
        var problems = new List<PolicyProblem>();
        var otherwise = new OffboardingPolicy { Sha256 = sha256 };
        var (guarded, services, caps, approvals) = (root["protected"], root["serviceAccounts"], root["caps"], root["approvals"]);
        var (owners, assets, hr) = (root["owners"], root["assets"], root["hr"]);
        var policy = new OffboardingPolicy
        {
            Sha256 = sha256,
            Match = root["match"] is { } match ? [.. match.Items().Select(m => Rule(m, problems))] : otherwise.Match,
            ProtectedGroups = Set(guarded?["groups"]) ?? otherwise.ProtectedGroups,
            ProtectedAccounts = Set(guarded?["accounts"]) ?? otherwise.ProtectedAccounts,
            ServiceAccounts = services?["patterns"] is { } patterns ? [.. patterns.Items().Select(p => p.Text)] : otherwise.ServiceAccounts,
            ServiceEmployeeTypes = Set(services?["employeeTypes"]) ?? otherwise.ServiceEmployeeTypes,
            MaxPerHour = caps?["leaversPerHour"] is { } max ? int.Parse(max.Text, CultureInfo.InvariantCulture) : otherwise.MaxPerHour,
            MaxOfStaffPerDay = caps?["shareOfStaffPerDay"] is { } share ? Share(share) : otherwise.MaxOfStaffPerDay,
            ApproveFirstAct = approvals?["firstAct"]?.Flag ?? otherwise.ApproveFirstAct,
            ApprovalWithin = Duration(approvals?["within"]) ?? otherwise.ApprovalWithin,
            ApprovalValidFor = Duration(approvals?["validFor"]) ?? otherwise.ApprovalValidFor,
            ConfirmWithin = Duration(approvals?["confirmWithin"]) ?? otherwise.ConfirmWithin,
            BlockGroup = root["blockGroup"]?.Text,
            ClearWithin = Duration(root["clearWithin"]) ?? otherwise.ClearWithin,
            WatchFor = Duration(root["watchFor"]) ?? otherwise.WatchFor,
            TokenLifetime = Duration(root["tokenLifetime"]) ?? otherwise.TokenLifetime,
            PrivilegedRemovals = root["privilegedRemovals"]?.Flag ?? otherwise.PrivilegedRemovals,
            RemoveSignInMethods = root["signInMethods"]?.Flag ?? otherwise.RemoveSignInMethods,
            RetireDevices = root["devices"]?.Flag ?? otherwise.RetireDevices,
            RemoveLicences = root["licences"]?.Flag ?? otherwise.RemoveLicences,
            HandOverMailAndFiles = root["mailAndFiles"]?.Flag ?? otherwise.HandOverMailAndFiles,
            PrivilegedOwner = owners?["privileged"]?.Text,
            FallbackOwner = owners?["fallback"]?.Text,
            AssetTag = assets?["tag"]?.Text.Trim() ?? otherwise.AssetTag,
            ProductionModelValues = Set(assets?["productionModel"]) ?? otherwise.ProductionModelValues,
            TrainingDataValues = Set(assets?["trainingData"]) ?? otherwise.TrainingDataValues,
            OwnerTag = root["ownerTag"]?.Text.Trim() ?? otherwise.OwnerTag,
            Roster = hr?["roster"]?.Text,
            Heartbeat = hr?["heartbeat"] is { } heartbeat ? Heartbeat(heartbeat) : otherwise.Heartbeat,
            NotInspected = root["notInspected"] is { } not ? [.. not.Items().Select(n => n.Text.Trim())] : otherwise.NotInspected,
            Severities = Severities(root["severity"], problems),
            Contact = root["contact"]?.Text,
        };
        if (assets is { } a && policy.ProductionModelValues.FirstOrDefault(policy.TrainingDataValues.Contains) is { } both)
            problems.Add(a.Problem($"'{both}' is both a production model and training data; a resource is one of them"));
        YamlPolicyReader.Throw(problems);
        return policy;
    }

    private static TimeSpan? Heartbeat(PolicyNode node) => node.Text == "never" ? null : Duration(node);

    private static MatchRule Rule(PolicyNode node, List<PolicyProblem> problems)
    {
        var attributes = node.Items().Select(i => i.Text).ToList();
        if (attributes is ["mail" or "userPrincipalName"])
            problems.Add(
                node.Problem(
                    $"'{attributes[0]}' alone does not identify a person with certainty: it can be given to somebody else after the "
                        + "first one left. Add a second attribute that must agree, or use employeeId"
                )
            );
        return new(attributes);
    }

    private static Dictionary<string, Severity> Severities(PolicyNode? node, List<PolicyProblem> problems)
    {
        var severities = new Dictionary<string, Severity>(StringComparer.Ordinal);
        foreach (var (control, value) in node?.Properties() ?? [])
        {
            if (!OffboardingControls.Catalogue.Contains(control))
                problems.Add(value.Problem($"there is no control '{control}'"));
            severities[control] = Enum.Parse<Severity>(value.Text, ignoreCase: true);
        }
        return severities;
    }

    private static HashSet<string>? Set(PolicyNode? list) =>
        list?.Items().Select(i => i.Text.Trim()).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static double Share(PolicyNode node) => (double)(decimal.Parse(node.Text.TrimEnd('%'), CultureInfo.InvariantCulture) / 100);

    private static TimeSpan? Duration(PolicyNode? node)
    {
        if (node?.Text is not { } text)
            return null;
        var count = int.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(count),
            'h' => TimeSpan.FromHours(count),
            _ => TimeSpan.FromDays(count),
        };
    }
}
