using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using SandboxTenant.SignIn;

namespace SandboxTenant.KeyVault;

/// <summary>
/// The data plane of a key vault: lists, versions, single objects, rotation policies, and the few changes a rotation makes.
/// </summary>
internal sealed class KeyVaultService(TenantData tenant, Journal journal, SignInService signIn)
{
    private const int MaxPage = 25;
    private static readonly Keep Listed = Keep.AllBut("value", "key", "policy", "cer");
    private static readonly Keep Everything = Keep.All;
    private static readonly byte[] DefaultPolicy =
    [
        .. """{"lifetimeActions":[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"Notify"}}],"attributes":{}}"""u8,
    ];

    /// <summary>Answers one request.</summary>
    public Answer Handle(Call call)
    {
        // The SDK asks once without a token and reads from the challenge where to get one; the resource must be a suffix of the host.
        if (!signIn.Accepts(call.Header("Authorization"), "https://vault.localhost", "https://vault.azure.net"))
            return Error(
                    401,
                    "Unauthorized",
                    call.Header("Authorization") is null
                        ? "AKV10000: Request is missing a Bearer or PoP token."
                        : "AKV10022: Invalid audience or token."
                )
                .With(
                    "WWW-Authenticate",
                    $"Bearer authorization=\"https://login.microsoftonline.com/{tenant.TenantId}\", resource=\"https://vault.localhost\""
                );
        if (!tenant.Vaults.TryGetValue(call.Host, out var vault))
            return Error(404, "VaultNotFound", $"The sandbox has no vault {call.Host}.");
        if (!call.Query.ContainsKey("api-version"))
            return Error(400, "BadParameter", "api-version must be specified");
        if (call.Segments is not [var kind, ..] || vault.Of(kind) is not { } objects)
            return Error(404, "NotFound", $"There is nothing at {call.Path}.");
        return (call.Method, call.Segments) switch
        {
            ("GET", [_]) => List(call, objects.Current, objects, Listed),
            ("GET", [_, var name, "versions"]) => List(call, objects.Versions, objects, Listed, name + "/"),
            ("GET", ["keys", var name, "rotationpolicy"]) => RotationPolicy(call, vault, name),
            ("GET", [_, var name]) => One(call, objects, name, objects.CurrentVersion.GetValueOrDefault(name)),
            ("GET", [_, var name, var version]) => One(call, objects, name, version),
            ("PUT", ["secrets", var name]) => SetSecret(call, objects, name),
            ("PATCH", [_, var name]) => Update(call, objects, name, objects.CurrentVersion.GetValueOrDefault(name)),
            ("PATCH", [_, var name, var version]) => Update(call, objects, name, version),
            ("DELETE", [_, var name]) => Delete(call, objects, name),
            _ => Error(405, "MethodNotAllowed", $"The sandbox does not answer {call.Method} {call.Path}."),
        };
    }

    /// <summary>An error as Key Vault shapes it.</summary>
    public static Answer Error(int status, string code, string message, string? inner = null) =>
        Answer.Create(
            status,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartObject("error");
                writer.WriteString("code", code);
                writer.WriteString("message", message);
                if (inner is not null)
                {
                    writer.WriteStartObject("innererror");
                    writer.WriteString("code", inner);
                    writer.WriteEndObject();
                }
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        );

    private static Answer List(Call call, EntitySet set, VaultObjects objects, Keep keep, string? prefix = null)
    {
        var size = MaxPage;
        if (
            call.Query.TryGetValue("maxresults", out var given)
            && (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxPage)
        )
            return Error(400, "BadParameter", $"maxresults must be from 1 to {MaxPage}");
        if (Paging.Read(call.Query.GetValueOrDefault("$skiptoken")) is not { } at)
            return Error(400, "BadParameter", "The skip token is not valid.");
        var (items, more) = set.Page(
            at.After,
            size,
            prefix is null ? null : e => e.Id.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
        );
        if (prefix is not null && objects.Current.Find(prefix[..^1]) is null)
            return NotFound(objects, prefix[..^1]);
        return Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("value");
                foreach (var item in items)
                {
                    writer.WriteStartObject();
                    writer.WriteString(objects.Kind == "keys" ? "kid" : "id", $"{call.Root}/{objects.Kind}/{item.Id}");
                    Json.CopyProperties(writer, item.Json, keep);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteString("nextLink", Paging.Next(call, "$skiptoken", at, more ? items[^1].Seq : null));
                writer.WriteEndObject();
            }
        );
    }

    private static Answer One(Call call, VaultObjects objects, string name, string? version)
    {
        if (version is null || objects.Versions.Find($"{name}/{version}") is not { } entity)
            return NotFound(objects, name);
        if (objects.Kind == "secrets" && Json.Object(entity.Json)["attributes"]?["enabled"]?.GetValue<bool>() == false)
            return Error(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled");
        return Whole(call, objects, entity);
    }

    private static Answer Whole(Call call, VaultObjects objects, Entity entity) =>
        Answer.Create(
            200,
            writer =>
            {
                var id = $"{call.Root}/{objects.Kind}/{entity.Id}";
                writer.WriteStartObject();
                switch (objects.Kind)
                {
                    case "keys":
                        writer.WriteStartObject("key");
                        writer.WriteString("kid", id);
                        writer.WriteString("kty", "RSA");
                        writer.WriteStartArray("key_ops");
                        foreach (var operation in (string[])["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"])
                            writer.WriteStringValue(operation);
                        writer.WriteEndArray();
                        writer.WriteEndObject();
                        break;
                    case "certificates":
                        writer.WriteString("id", id);
                        writer.WriteString("kid", $"{call.Root}/keys/{entity.Id}");
                        writer.WriteString("sid", $"{call.Root}/secrets/{entity.Id}");
                        break;
                    default:
                        writer.WriteString("id", id);
                        break;
                }
                Json.CopyProperties(writer, entity.Json, Everything);
                if (objects.Kind == "certificates" && !Json.Object(entity.Json).ContainsKey("policy"))
                {
                    writer.WriteStartObject("policy");
                    writer.WriteString("id", $"{call.Root}/certificates/{entity.Id.Split('/')[0]}/policy");
                    writer.WriteStartObject("issuer");
                    writer.WriteString("name", "Self");
                    writer.WriteEndObject();
                    writer.WriteEndObject();
                }
                writer.WriteEndObject();
            }
        );

    // A key nobody gave a policy answers with the service's default, which only notifies: having an answer does not mean having a rotation.
    private static Answer RotationPolicy(Call call, VaultData vault, string name)
    {
        if (vault.Keys.Current.Find(name) is null)
            return NotFound(vault.Keys, name);
        return Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", $"{call.Root}/keys/{name}/rotationpolicy");
                if (vault.RotationPolicies.Find(name) is { } policy)
                    Json.CopyProperties(writer, policy.Json, Everything);
                else
                    Json.CopyProperties(writer, DefaultPolicy, Everything);
                writer.WriteEndObject();
            }
        );
    }

    private Answer SetSecret(Call call, VaultObjects objects, string name)
    {
        if (Json.Text(call.Body, "value") is not { } value)
            return Error(400, "BadParameter", "The request body must have a value.");
        var attributes =
            call.Body.TryGetProperty("attributes", out var given) && given.ValueKind == JsonValueKind.Object
                ? JsonObject.Create(given)!
                : [];
        attributes["enabled"] ??= true;
        attributes["created"] = call.Now.ToUnixTimeSeconds();
        attributes["updated"] = call.Now.ToUnixTimeSeconds();
        attributes["recoveryLevel"] = "Recoverable+Purgeable";
        attributes["recoverableDays"] = 90;
        var secret = new JsonObject { ["value"] = value, ["attributes"] = attributes };
        foreach (var property in (string[])["contentType", "tags"])
            if (call.Body.TryGetProperty(property, out var element) && element.ValueKind != JsonValueKind.Null)
                secret[property] = JsonNode.Parse(element.GetRawText());
        var id = $"{name}/{Ids.Hex($"{call.Host}/{name}/{call.RequestId}", 32)}";
        journal.Version($"vaults/{call.Host}/secrets", id, secret);
        return Whole(call, objects, objects.Versions.Find(id)!);
    }

    private Answer Update(Call call, VaultObjects objects, string name, string? version)
    {
        if (version is null || objects.Versions.Find($"{name}/{version}") is not { } entity || call.Body.ValueKind != JsonValueKind.Object)
            return NotFound(objects, name);
        var target = Json.Object(entity.Json);
        var attributes = target["attributes"]!.AsObject();
        if (call.Body.TryGetProperty("attributes", out var changes) && changes.ValueKind == JsonValueKind.Object)
            foreach (var (key, value) in JsonObject.Create(changes)!.Where(c => c.Value is not null))
                attributes[key] = value!.DeepClone();
        attributes["updated"] = call.Now.ToUnixTimeSeconds();
        foreach (var property in (string[])["contentType", "tags"])
            if (call.Body.TryGetProperty(property, out var element) && element.ValueKind != JsonValueKind.Null)
                target[property] = JsonNode.Parse(element.GetRawText());
        journal.Update($"vaults/{call.Host}/{objects.Kind}", entity.Id, target);
        return Whole(call, objects, objects.Versions.Find(entity.Id)!);
    }

    private Answer Delete(Call call, VaultObjects objects, string name)
    {
        if (
            objects.CurrentVersion.GetValueOrDefault(name) is not { } version
            || objects.Versions.Find($"{name}/{version}") is not { } entity
        )
            return NotFound(objects, name);
        var answer = Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("recoveryId", $"{call.Root}/deleted{objects.Kind}/{name}");
                writer.WriteNumber("deletedDate", call.Now.ToUnixTimeSeconds());
                writer.WriteNumber("scheduledPurgeDate", call.Now.AddDays(90).ToUnixTimeSeconds());
                writer.WriteString("id", $"{call.Root}/{objects.Kind}/{entity.Id}");
                Json.CopyProperties(writer, entity.Json, Listed);
                writer.WriteEndObject();
            }
        );
        journal.Delete($"vaults/{call.Host}/{objects.Kind}", name);
        return answer;
    }

    private static Answer NotFound(VaultObjects objects, string name)
    {
        var kind = objects.Kind switch
        {
            "keys" => "Key",
            "secrets" => "Secret",
            _ => "Certificate",
        };
        return Error(
            404,
            kind + "NotFound",
            $"A {kind.ToLowerInvariant()} with (name/id) {name} was not found in this key vault. If you recently deleted this "
                + $"{kind.ToLowerInvariant()} you may be able to recover it using the correct recovery command."
        );
    }
}
