using Compliance.AuditPack;
using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Tests.Credentials.Policy;
using Local;
using static Compliance.Credentials.CredentialCommands;

namespace Compliance.Tests.Credentials.Checks;

/// <summary>The walk of docs/extend/control.md, with a control that the product does not have.</summary>
public sealed class NewControlTests
{
    private static readonly WithoutOwnerTag Sample = new();

    /// <summary>All that a control is: what it checks, and what corrects it.</summary>
    private sealed class WithoutOwnerTag : ICredentialCheck
    {
        public const string Id = "CRED-900";

        public Control Control { get; } =
            new(Id, "Resource does not name its owner", Severity.Low, "A problem without an owner is not corrected.", ["SOC 2 CC1.3"]);

        public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
            credential.ResourceId is not null && !credential.Tags.ContainsKey("owner")
                ? new("It has no tag 'owner'.", WholeSubject: true)
                : null;

        public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
            $"tag {ObjectOf(credential)}: `az tag update --resource-id {credential.ResourceId} --operation merge --tags owner=ADDRESS`";
    }

    private static IReadOnlyList<Detection> Found(CredentialPolicy policy, params (string, string)[] tags)
    {
        const string account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/pay";
        var key = Given.Credential(CredentialKind.StorageKey, Given.Now, id: account, name: "pay", tags: tags) with
        {
            ResourceId = account,
            KeyExpirationDays = 30,
        };
        var evaluator = new CredentialEvaluator(
            policy,
            new Dictionary<string, IReadOnlySet<string>>(),
            Given.Now,
            [.. CredentialControls.Checks, Sample]
        );
        return new DetectionBuilder(policy, Given.Now).Build(evaluator.Evaluate(key), DetectionAnswers.None);
    }

    [Fact]
    public void One_class_becomes_a_finding_with_its_severity_and_its_next_step()
    {
        const string account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/pay";

        var found = Assert.Single(Found(Given.Policy()));

        Assert.Equal(
            (
                WithoutOwnerTag.Id,
                Severity.Low,
                new Subject(SubjectTypes.StorageAccount, account, "pay"),
                "",
                "It has no tag 'owner'.",
                $"Tag storage account pay ({account}): `az tag update --resource-id {account} --operation merge --tags owner=ADDRESS`."
            ),
            (found.ControlId, found.Severity, found.Subject, found.Part, found.Reason, found.NextStep)
        );
    }

    [Fact]
    public void What_passes_the_new_control_is_no_finding() => Assert.Empty(Found(Given.Policy(), ("owner", "ada@contoso.com")));

    [Fact]
    public void Policy_raises_the_severity_of_a_new_control_by_tag() =>
        Assert.Equal(
            [Severity.Critical],
            Found(Given.Policy("severity: { byTag: [{ tag: environment, atLeast: critical }] }\n"), ("environment", "prod"))
                .Select(d => d.Severity)
        );

    [Fact]
    public void The_catalogue_and_the_frameworks_take_a_control_from_its_class()
    {
        var catalogue = new ControlCatalogue([.. AllControls.Catalogue.All, Sample.Control]);

        Assert.Same(Sample.Control, catalogue.Get(WithoutOwnerTag.Id));
        Assert.Equal("CC1.3", Assert.Single(Framework.From(catalogue.All).Single(f => f.Key == "soc2").Clauses(Sample.Control)));
    }

    [Fact]
    public void Two_controls_of_one_id_are_refused() =>
        Assert.Throws<ArgumentException>(() => new ControlCatalogue([.. AllControls.Catalogue.All, AllControls.Catalogue.All[0]]));

    [Fact]
    public void Every_class_of_a_control_is_registered() =>
        Assert.Equal(
            typeof(ICredentialControl)
                .Assembly.GetTypes()
                .Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(ICredentialControl)))
                .Select(t => t.Name)
                .Order(StringComparer.Ordinal),
            CredentialControls.OfCredentials.Select(c => c.GetType().Name).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_catalogue_has_the_list_of_every_capability() =>
        Assert.Equal(
            AllControls.Catalogue.Ids,
            typeof(ControlCatalogue)
                .Assembly.GetTypes()
                .Where(t => t != typeof(AllControls))
                .SelectMany(t => t.GetProperties())
                .Where(p => p.PropertyType == typeof(ControlCatalogue))
                .SelectMany(p => ((ControlCatalogue)p.GetValue(null)!).Ids)
                .Order(StringComparer.Ordinal)
        );

    // Another file that names a control would be one more to change for the next.
    [Theory]
    [InlineData(nameof(NoKeyExpirationPolicy), NoKeyExpirationPolicy.Id)]
    [InlineData(nameof(AgeUnknown), AgeUnknown.Id)]
    public void A_control_is_named_in_its_class_the_list_and_the_schema_only(string name, string id)
    {
        var source = Path.Combine(RepositoryRoot.Find(), "src");
        var naming = Directory
            .EnumerateFiles(source, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".json")
            .Select(file => Path.GetRelativePath(source, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Where(file =>
            {
                var text = File.ReadAllText(Path.Combine(source, file));
                return text.Contains(name, StringComparison.Ordinal) || text.Contains(id, StringComparison.Ordinal);
            });

        Assert.Equal(
            [
                $"Compliance/Credentials/Checks/{name}.cs",
                "Compliance/Credentials/CredentialControls.cs",
                "ComplianceFunctions/policy/credentials.schema.json",
            ],
            naming.Order(StringComparer.Ordinal)
        );
    }
}
