namespace EmbeddedHost;

/// <summary>
/// Runs a function for each HTTP request to its route.
/// Stands for Microsoft.Azure.Functions.Worker.HttpTriggerAttribute.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class HttpTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Any method, with a function key.</summary>
    public HttpTriggerAttribute() => AuthLevel = AuthorizationLevel.Function;

    /// <summary>Given methods. No key is asked for: so the official constructor has it.</summary>
    /// <param name="methods">HTTP methods, in any case; none means all.</param>
    public HttpTriggerAttribute(params string[] methods) => Methods = methods;

    /// <summary>Any method.</summary>
    /// <param name="authLevel">Which key a caller must show.</param>
    public HttpTriggerAttribute(AuthorizationLevel authLevel) => AuthLevel = authLevel;

    /// <summary>Given methods.</summary>
    /// <param name="authLevel">Which key a caller must show.</param>
    /// <param name="methods">HTTP methods, in any case; none means all.</param>
    public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods)
    {
        AuthLevel = authLevel;
        Methods = methods;
    }

    /// <summary>The route template behind the prefix of host.json, in ASP.NET Core's syntax; the function's name when null.</summary>
    public string? Route { get; set; }

    /// <summary>HTTP methods; null or empty means all.</summary>
    public string[]? Methods { get; private set; }

    /// <summary>Which key a caller must show.</summary>
    public AuthorizationLevel AuthLevel { get; private set; }
}
