using System.Text.Json;

namespace SandboxTenant.Http;

/// <summary>Which service a request is for.</summary>
internal enum Service
{
    /// <summary>Microsoft Graph.</summary>
    Graph,

    /// <summary>Azure Resource Manager.</summary>
    Arm,

    /// <summary>A key vault's data plane.</summary>
    Vault,

    /// <summary>Microsoft Entra sign-in.</summary>
    Login,
}

/// <summary>One request as a service sees it; a request inside a Graph batch is one too.</summary>
internal sealed class Call
{
    /// <summary>The service.</summary>
    public required Service Service { get; init; }

    /// <summary>
    /// <c>graph</c>, <c>arm</c>, <c>login</c> or the vault's name: what fault patterns and the request log call the host.
    /// </summary>
    public required string Host { get; init; }

    /// <summary>The method, upper case.</summary>
    public required string Method { get; init; }

    /// <summary>The path, decoded, with a leading slash and without Graph's version.</summary>
    public required string Path { get; init; }

    /// <summary>The query as sent, without the question mark.</summary>
    public required string RawQuery { get; init; }

    /// <summary>Scheme, host and port, and Graph's version: what <see cref="Path"/> is appended to in links.</summary>
    public required string Root { get; init; }

    /// <summary>Request headers.</summary>
    public required Func<string, string?> Header { get; init; }

    /// <summary>The body as JSON; undefined where there is none.</summary>
    public JsonElement Body { get; init; }

    /// <summary>The body of a form post, by field.</summary>
    public IReadOnlyDictionary<string, string> Form { get; init; } = new Dictionary<string, string>();

    /// <summary>The tenant's clock at this request.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Answers' request id.</summary>
    public required string RequestId { get; init; }

    /// <summary>How a fault bends the link to the next page; null where none does.</summary>
    public string? PagingFault { get; set; }

    /// <summary>The path's parts.</summary>
    public string[] Segments => field ??= Path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The query's parameters, decoded; names without regard to case.</summary>
    public IReadOnlyDictionary<string, string> Query => field ??= Parse(RawQuery);

    /// <summary>The same request with another page token.</summary>
    public string Link(string parameter, string token)
    {
        var others = RawQuery
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(p => !Uri.UnescapeDataString(p.Split('=')[0]).Equals(parameter, StringComparison.OrdinalIgnoreCase));
        var path = Uri.EscapeDataString(Path).Replace("%2F", "/", StringComparison.Ordinal);
        var name = Uri.EscapeDataString(parameter).Replace("%24", "$", StringComparison.Ordinal);
        return $"{Root}{path}?{string.Join('&', others.Append($"{name}={token}"))}";
    }

    /// <summary>Parses a query or form.</summary>
    public static Dictionary<string, string> Parse(string query)
    {
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var cut = pair.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = cut < 0 ? (pair, "") : (pair[..cut], pair[(cut + 1)..]);
            parameters[Uri.UnescapeDataString(name.Replace('+', ' '))] = Uri.UnescapeDataString(value.Replace('+', ' '));
        }
        return parameters;
    }
}
