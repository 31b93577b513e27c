using System.CommandLine;

namespace ComplianceCli;

/// <summary>The option <c>--account</c>: the address of a storage account's service.</summary>
internal static class AccountOption
{
    /// <summary>Makes the option. What is no such address is wrong usage: the sign-in's token would go there.</summary>
    /// <param name="description">What it is for.</param>
    /// <param name="service">The service in the host's name: <c>blob</c> or <c>queue</c>.</param>
    public static Option<Uri?> Create(string description, string service) =>
        new("--account")
        {
            Description = description,
            HelpName = "URL",
            // The parser converts no Uri by itself.
            CustomParser = result =>
            {
                if (
                    Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var address)
                    && address.Scheme == Uri.UriSchemeHttps
                    && address.Host.Contains($".{service}.", StringComparison.OrdinalIgnoreCase)
                )
                    return address;
                result.AddError(
                    $"--account takes the address of the account's {service} service: https://ACCOUNT.{service}.core.windows.net"
                );
                return null;
            },
        };
}
