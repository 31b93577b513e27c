using System.Security;
using System.Text;
using System.Text.Json;

namespace Simulation.Storage;

/// <summary>Errors in the form in which each service answers them.</summary>
internal static class Refusal
{
    /// <summary>An error.</summary>
    /// <param name="service">Whose form.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">Error code.</param>
    /// <param name="text">For whoever reads it.</param>
    public static Answer Answer(StorageService service, int status, string code, string? text = null)
    {
        text ??= code;
        return service == StorageService.Table
            ? new(status, Json(code, text), "application/json;odata=minimalmetadata") { Code = code }
            : new Answer(status, Xml(code, text), "application/xml") { Code = code }.With("x-ms-error-code", code);
    }

    /// <summary>An error without a body: an answer to HEAD, or 304.</summary>
    public static Answer Bare(int status, string code) => new Answer(status) { Code = code }.With("x-ms-error-code", code);

    private static byte[] Json(string code, string text) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, object>
            {
                ["odata.error"] = new Dictionary<string, object>
                {
                    ["code"] = code,
                    ["message"] = new Dictionary<string, string> { ["lang"] = "en-US", ["value"] = text },
                },
            }
        );

    private static byte[] Xml(string code, string text) =>
        Encoding.UTF8.GetBytes(
            $"""<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{SecurityElement.Escape(text)}</Message></Error>"""
        );
}
