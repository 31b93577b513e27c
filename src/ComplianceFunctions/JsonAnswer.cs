using System.Text.Json;
using Compliance.Text;
using Microsoft.AspNetCore.Mvc;

namespace ComplianceFunctions;

/// <summary>An answer in JSON.</summary>
internal static class JsonAnswer
{
    /// <summary>The answer.</summary>
    public static ContentResult Create(int status, object body) =>
        new()
        {
            StatusCode = status,
            ContentType = "application/json; charset=utf-8",
            Content = JsonSerializer.Serialize(body, ComplianceJson.Readable),
        };
}
