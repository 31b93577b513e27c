using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Deletes a sign-in method.</summary>
internal sealed class RemoveSignInMethod : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "signInMethod.remove";

    /// <summary>Deleting sign-in methods, by collection: each kind has a permission of its own (inside a batch).</summary>
    public static readonly IReadOnlyDictionary<string, DeclaredCall> ByCollection = new (
        string Collection,
        string Permission,
        string Name
    )[]
    {
        ("emailMethods", "UserAuthMethod-Email.ReadWrite.All", "mail addresses"),
        ("fido2Methods", "UserAuthMethod-Passkey.ReadWrite.All", "passkeys"),
        ("microsoftAuthenticatorMethods", "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All", "Microsoft Authenticator"),
        ("phoneMethods", "UserAuthMethod-Phone.ReadWrite.All", "phones"),
        ("platformCredentialMethods", "UserAuthMethod-PlatformCred.ReadWrite.All", "platform credentials"),
        ("softwareOathMethods", "UserAuthMethod-SoftwareOATH.ReadWrite.All", "authenticator codes"),
        ("temporaryAccessPassMethods", "UserAuthMethod-TAP.ReadWrite.All", "temporary access passes"),
        ("windowsHelloForBusinessMethods", "UserAuthMethod-WindowsHello.ReadWrite.All", "Windows Hello for Business"),
    }.ToDictionary(
        m => m.Collection,
        m =>
            DeclaredCall.Change(
                "DELETE",
                $"/users/{{id}}/authentication/{m.Collection}/{{id}}",
                m.Permission,
                $"removes a leaver's sign-in methods: {m.Name}"
            ),
        StringComparer.Ordinal
    );

    public string Action => Id;
    public string Title => "Delete a sign-in method";
    public IReadOnlyList<DeclaredCall> Calls => [.. ByCollection.Values];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.SignInMethod];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;

    // The default method can be deleted once the others are gone.
    public IReadOnlyList<string> RefusedForNow => ["default"];

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        ByCollection.ContainsKey(CollectionOf(access.Id))
            ? RemovalContext.OnlyIf(
                this,
                context.Policy.RemoveSignInMethods,
                "signInMethods",
                RemovalContext.Take(Id, access, "signInMethods", context.User)
            )
            : PlannedAccess.LeaveToPerson(
                access,
                "this program does not know this kind of method",
                "delete it in the Entra admin center: Users, the person, Authentication methods"
            );

    public StepRequest Request(PlanStep step, string graph)
    {
        var collection = CollectionOf(step.Target.Id);
        return ByCollection.TryGetValue(collection, out var call)
            ? new(
                call,
                $"/users/{StepValues.Escaped(step.UserId())}/authentication/{collection}/"
                    + StepValues.Escaped(step.Target.Id[(collection.Length + 1)..])
            )
            : throw new ArgumentException($"sign-in methods of {collection} cannot be removed", nameof(step));
    }

    public PlannedAccess Undo(Access access, UndoContext context) =>
        PlannedAccess.LeaveToPerson(
            access,
            "not restored: a sign-in method cannot be made for somebody else",
            "the person registers it again (https://aka.ms/mysecurityinfo), with a temporary access pass for the first sign-in"
        );

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "authentication/methods");

    private static string CollectionOf(string id) => id.Split('/')[0];
}
