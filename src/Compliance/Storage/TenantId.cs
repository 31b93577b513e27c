namespace Compliance.Storage;

/// <summary>The tenant whose state this app keeps, from setting <c>Tenant:Id</c>.</summary>
/// <param name="Value">The Entra tenant id as a lower-case GUID.</param>
internal sealed record TenantId(string Value)
{
    /// <summary>The setting.</summary>
    public const string Setting = "Tenant:Id";

    /// <summary>Reads the setting.</summary>
    /// <exception cref="StateSettingException">It is missing or is not a GUID.</exception>
    public static TenantId Read(Microsoft.Extensions.Configuration.IConfiguration configuration)
    {
        var value = configuration[Setting];
        if (string.IsNullOrWhiteSpace(value))
            throw new StateSettingException(Setting, "is missing: give the Entra tenant id (`az account show --query tenantId`)");
        return Guid.TryParse(value, out var id)
            ? new(id.ToString("D"))
            : throw new StateSettingException(Setting, $"is '{value}', which is not a GUID");
    }
}
