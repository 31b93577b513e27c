namespace Compliance.Tests.Ledger.Append;

/// <summary>What a request to storage asks for.</summary>
internal static class HttpRequests
{
    public static bool IsAppend(this HttpRequestMessage request) =>
        request.RequestUri!.Query.Contains("comp=appendblock", StringComparison.Ordinal);
}
