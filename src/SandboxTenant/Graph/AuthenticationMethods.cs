using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>What a user signs in with, and which of it is the default (<c>userRegistrationDetails</c>).</summary>
internal sealed class AuthenticationMethods(TenantData tenant, Journal journal) : IGraphArea
{
    // The collection below /authentication, and the type of what is in it.
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["phoneMethods"] = "phoneAuthenticationMethod",
        ["microsoftAuthenticatorMethods"] = "microsoftAuthenticatorAuthenticationMethod",
        ["fido2Methods"] = "fido2AuthenticationMethod",
        ["softwareOathMethods"] = "softwareOathAuthenticationMethod",
        ["emailMethods"] = "emailAuthenticationMethod",
        ["windowsHelloForBusinessMethods"] = "windowsHelloForBusinessAuthenticationMethod",
        ["temporaryAccessPassMethods"] = "temporaryAccessPassAuthenticationMethod",
        ["platformCredentialMethods"] = "platformCredentialAuthenticationMethod",
        ["passwordMethods"] = "passwordAuthenticationMethod",
    };

    // https://learn.microsoft.com/graph/api/resources/userregistrationdetails names the values of defaultMfaMethod.
    private static readonly Dictionary<string, string> Defaults = new(StringComparer.Ordinal)
    {
        ["mobilePhone"] = "phoneAuthenticationMethod",
        ["alternateMobilePhone"] = "phoneAuthenticationMethod",
        ["officePhone"] = "phoneAuthenticationMethod",
        ["microsoftAuthenticatorPush"] = "microsoftAuthenticatorAuthenticationMethod",
        ["softwareOneTimePasscode"] = "softwareOathAuthenticationMethod",
    };

    /// <inheritdoc/>
    public Answer? Handle(Call call, string[] segments)
    {
        if (segments is ["reports", "authenticationMethods", "userRegistrationDetails", .. var of])
            return Registration(call, of);
        if (segments is not ["users", var id, "authentication", var collection, .. var rest])
            return null;
        if (tenant.Users.Find(id) is not { } user)
            return NotFound(call, id);
        var methods = tenant.SignInMethods.Of(user.Id);
        var type = Types.GetValueOrDefault(collection);
        if (type is null && collection != "methods")
            return Error(call, 400, "BadRequest", $"Resource not found for the segment '{collection}'.");
        bool Fits(Entity method) => type is null || Json.Text(method.Json, "@odata.type") == "#microsoft.graph." + type;
        var context = $"$metadata#users('{user.Id}')/authentication/{collection}";
        switch (call.Method, rest)
        {
            case ("GET", []):
                return Page(call, methods, Fits, context, Chosen(call));
            case ("GET", [var one]):
                return methods.Find(one) is { } shown && Fits(shown) ? One(call, 200, context[10..], shown.Json) : Missing(call, one);
            case ("DELETE", [var one]) when type is not null:
                if (methods.Find(one) is not { } found || !Fits(found))
                    return Missing(call, one);
                // https://learn.microsoft.com/graph/api/resources/passwordauthenticationmethod has no delete: only a reset.
                if (collection == "passwordMethods")
                    return Error(call, 400, "badRequest", "A password method cannot be deleted; it can only be reset.");
                if (IsDefault(user, "#microsoft.graph." + type))
                {
                    if (
                        methods
                            .All()
                            .Any(m =>
                                m.Id != found.Id && Json.Text(m.Json, "@odata.type") != "#microsoft.graph.passwordAuthenticationMethod"
                            )
                    )
                        return Error(
                            call,
                            400,
                            "badRequest",
                            "Cannot delete default method with other methods configured. Please change default method before deletion."
                        );
                    journal.Merge("userRegistrationDetails", user.Id, new JsonObject { ["defaultMfaMethod"] = "none" });
                }
                journal.Delete(methods.Name, found.Id);
                return Answer.Empty(204);
            default:
                return Error(
                    call,
                    405,
                    "Request_BadRequest",
                    $"Specified HTTP method {call.Method} is not allowed for the request target."
                );
        }
    }

    private bool IsDefault(Entity user, string type) =>
        tenant.RegistrationDetails.Find(user.Id) is { } details
        && Defaults.GetValueOrDefault(Json.Text(details.Json, "defaultMfaMethod") ?? "") is { } name
        && type == "#microsoft.graph." + name;

    private Answer Registration(Call call, string[] of) =>
        (call.Method, of) switch
        {
            ("GET", []) => Page(
                call,
                tenant.RegistrationDetails,
                d => tenant.Users.Find(d.Id) is not null,
                "$metadata#reports/authenticationMethods/userRegistrationDetails",
                Chosen(call)
            ),
            ("GET", [var id]) => tenant.Users.Find(id) is { } user && tenant.RegistrationDetails.Find(user.Id) is { } details
                ? One(call, 200, "reports/authenticationMethods/userRegistrationDetails", details.Json)
                : NotFound(call, id),
            _ => Error(call, 405, "Request_BadRequest", $"Specified HTTP method {call.Method} is not allowed for the request target."),
        };

    private static Answer Missing(Call call, string id) =>
        Error(call, 404, "resourceNotFound", $"The authentication method '{id}' was not found.");
}
