using System.Text.Json;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>Mail that an app sends from a mailbox. It is kept for whoever looks, and delivered to no one.</summary>
internal sealed class Mail(TenantData tenant) : IGraphArea
{
    /// <inheritdoc/>
    public Answer? Handle(Call call, string[] segments)
    {
        if (segments is not ["users", var id, "sendMail"] || call.Method != "POST")
            return null;
        if (tenant.Users.Find(id) is null)
            return Error(call, 404, "ErrorInvalidUser", $"The requested user '{id}' is invalid.");
        if (Recipients(call.Body) is not { Count: > 0 })
            return Error(
                call,
                400,
                "ErrorInvalidRecipients",
                "At least one recipient isn't valid., A message can't be sent unless it has one."
            );
        tenant.SentMail.Enqueue(call.Body.GetRawText());
        return Answer.Empty(202);
    }

    // Graph takes the parameters of an action in any case; its own SDK writes Message.
    private static List<string>? Recipients(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object
        && body.EnumerateObject().FirstOrDefault(p => p.Name.Equals("message", StringComparison.OrdinalIgnoreCase)).Value is var message
        && message.ValueKind == JsonValueKind.Object
        && message.TryGetProperty("toRecipients", out var to)
        && to.ValueKind == JsonValueKind.Array
            ? [.. to.EnumerateArray().Select(r => Json.Text(r.GetProperty("emailAddress"), "address")).OfType<string>()]
            : null;
}
