using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SandboxTenant.Data;

/// <summary>
/// Reads the services' own wire format into a tenant, and refuses what they would never have sent: the error names the file,
/// the JSON path and the reason, since a file that is half understood would make the tenant look healthier than it is.
/// </summary>
internal static class TenantReader
{
    private static readonly HashSet<string> ArrayProperties = new(StringComparer.Ordinal)
    {
        "passwordCredentials",
        "keyCredentials",
        "owners",
        "members",
        "tags",
        "identifierUris",
        "servicePrincipalNames",
        "assignedLicenses",
        "businessPhones",
        "groupTypes",
        "licenseAssignmentStates",
        "appRoles",
    };

    private static readonly HashSet<string> TextProperties = new(StringComparer.Ordinal)
    {
        "displayName",
        "appId",
        "userPrincipalName",
        "mail",
        "keyId",
        "customKeyIdentifier",
        "servicePrincipalType",
        "appOwnerOrganizationId",
        "department",
        "jobTitle",
        "employeeId",
        "employeeType",
        "userType",
        "onPremisesImmutableId",
        "membershipRule",
        "principalId",
        "resourceId",
        "appRoleId",
        "clientId",
        "roleDefinitionId",
        "directoryScopeId",
    };

    private static readonly string[] Flags =
    [
        "accountEnabled",
        "onPremisesSyncEnabled",
        "mailEnabled",
        "securityEnabled",
        "isAssignableToRole",
    ];

    private static readonly HashSet<string> DateProperties = new(StringComparer.Ordinal)
    {
        "key1",
        "key2",
        "createdOn",
        "updatedOn",
        "creationDate",
    };

    /// <summary>Reads one file's content into the set with this path.</summary>
    /// <param name="tenant">Where the objects go.</param>
    /// <param name="path">The set, as a path without <c>.json</c>.</param>
    /// <param name="utf8">The content.</param>
    /// <param name="file">The name for error messages; the path where there is no file.</param>
    /// <exception cref="SandboxException">The content is not what the set holds.</exception>
    public static void Read(TenantData tenant, string path, ReadOnlyMemory<byte> utf8, string? file = null)
    {
        var source = new Source(file ?? path);
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        using var document = Parse(utf8, source);
        var root = document.RootElement;
        var segments = path.Split('/');
        if (segments is ["vaults", var policyVault, "keys", var policyKey, "rotationpolicy"])
        {
            ReadPolicy(tenant.Vault(policyVault), policyKey, root, source, "$");
            return;
        }
        if (segments is ["users", _, "manager"])
        {
            ReadRelated(tenant, tenant.Set(path), root, source, "$");
            return;
        }
        var items = Items(root, source, single: file is null, out var arrayPath);
        if (segments is ["vaults", var vault, "secrets" or "keys" or "certificates"])
        {
            ReadVault(tenant.Vault(vault), segments[2], items, source, arrayPath);
            return;
        }
        var set = tenant.Set(path);
        var related = segments.Length == 3;
        for (var i = 0; i < items.Count; i++)
        {
            var at = arrayPath is null ? "$" : string.Create(CultureInfo.InvariantCulture, $"{arrayPath}[{i}]");
            if (related)
                ReadRelated(tenant, set, items[i], source, at);
            else
                ReadObject(tenant, set, items[i], source, at);
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> utf8, Source source)
    {
        try
        {
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException e)
        {
            throw new SandboxException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{source.File}: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: this is not JSON "
                        + $"({FirstSentence(e.Message)})"
                ),
                e
            );
        }
    }

    private static string FirstSentence(string message) => message.Split(". ")[0].TrimEnd('.');

    private static List<JsonElement> Items(JsonElement root, Source source, bool single, out string? arrayPath)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw source.Error(
                "$",
                "the top level must be an object with a \"value\" (or Resource Graph \"data\") array, as the service answers"
            );
        foreach (var link in (string[])["@odata.nextLink", "nextLink", "$skipToken"])
            if (root.TryGetProperty(link, out var next) && next.ValueKind is not JsonValueKind.Null && next.ToString().Length > 0)
                throw source.Error(
                    $"$['{link}']",
                    "the copy is one page of several; fetch the others, join their objects, and take this property away"
                );
        // One object alone, which may have a property named value itself (a secret has).
        var alone = single && (root.TryGetProperty("id", out _) || root.TryGetProperty("kid", out _));
        foreach (var name in alone ? [] : (string[])["value", "data"])
        {
            if (!root.TryGetProperty(name, out var array))
                continue;
            arrayPath = "$." + name;
            return array.ValueKind == JsonValueKind.Array
                ? [.. array.EnumerateArray()]
                : throw source.Error(arrayPath, $"must be an array, is {Kind(array)}");
        }
        arrayPath = null;
        return single ? [root] : throw source.Error("$", "there is no \"value\" (or Resource Graph \"data\") array");
    }

    // Without these an object would hang on nobody and quietly never be found.
    private static string[] Needed(string set) =>
        set switch
        {
            "appRoleAssignments" => ["principalId", "resourceId", "appRoleId"],
            "oauth2PermissionGrants" => ["clientId", "resourceId", "consentType"],
            "directoryRoleAssignments" or "directoryRoleEligibilities" or "directoryRoleAssignmentSchedules" =>
            [
                "principalId",
                "roleDefinitionId",
                "directoryScopeId",
            ],
            _ => [],
        };

    private static void ReadObject(TenantData tenant, EntitySet set, JsonElement item, Source source, string at)
    {
        var id = Id(item, source, at);
        var arm =
            set.Name
            is "subscriptions"
                or "resources"
                or "roleAssignments"
                or "roleDefinitions"
                or "roleEligibilityScheduleInstances"
                or "locks"
                or "localUsers"
                or "blobServices"
                or "containers";
        var key = id;
        if (set.Name == "subscriptions")
            key =
                id.Split('/') is ["", "subscriptions", var guid] && Guid.TryParse(guid, out _)
                    ? guid
                    : throw source.Error(at + ".id", $"must be /subscriptions/<guid>, is {id}");
        else if (
            set.Name == "resources"
            && !(
                id.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase)
                && id.Contains("/providers/", StringComparison.OrdinalIgnoreCase)
            )
        )
            throw source.Error(at + ".id", $"must be a resource id (/subscriptions/.../providers/...), is {id}");
        else if (arm && id[0] != '/')
            throw source.Error(at + ".id", $"must be a resource id that starts with /, is {id}");
        foreach (var name in set.Name is "users" or "devices" or "groups" ? Flags : [])
            if (
                item.TryGetProperty(name, out var flag)
                && flag.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null)
            )
                throw source.Error($"{at}.{name}", $"must be true or false, is {Kind(flag)}");
        foreach (var name in Needed(set.Name))
            if (Json.Text(item, name) is not { Length: > 0 })
                throw source.Error(at, $"has no {name}");
        if (
            arm
            && item.TryGetProperty("properties", out var properties)
            && properties.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)
        )
            throw source.Error(at + ".properties", $"must be an object, is {Kind(properties)}");
        CheckValues(item, source, at, arm);
        if (set.Find(key) is { } twin && string.Equals(twin.Id, key, StringComparison.OrdinalIgnoreCase))
            throw source.Error(at + ".id", $"{id} is there twice");

        var leaves = tenant.Relations.Where(r => r.Parent == set.Name && item.TryGetProperty(r.Leaf, out _)).Select(r => r.Leaf).ToList();
        // Key material never leaves the directory, whatever the copy says.
        var changed =
            set.Name is "applications" or "servicePrincipals"
            && item.TryGetProperty("keyCredentials", out var keys)
            && keys.ValueKind == JsonValueKind.Array
            && keys.EnumerateArray().Any(k => k.TryGetProperty("key", out var bytes) && bytes.ValueKind != JsonValueKind.Null);
        var secrets =
            set.Name is "applications" or "servicePrincipals"
            && item.TryGetProperty("passwordCredentials", out var passwords)
            && passwords.ValueKind == JsonValueKind.Array
            && passwords.EnumerateArray().Any(p => p.TryGetProperty("secretText", out var text) && text.ValueKind != JsonValueKind.Null);
        if (!changed && leaves.Count == 0 && !secrets && !item.TryGetProperty("@odata.context", out _))
        {
            set.Add(key, Json.Bytes(item));
            return;
        }
        var node = JsonObject.Create(item)!;
        node.Remove("@odata.context");
        foreach (var credential in changed ? node["keyCredentials"]!.AsArray() : [])
            credential!["key"] = null;
        foreach (var credential in secrets ? node["passwordCredentials"]!.AsArray() : [])
            credential!["secretText"] = null;
        foreach (var leaf in leaves)
        {
            node.Remove(leaf);
            ReadInline(tenant, $"{set.Name}/{id}/{leaf}", item.GetProperty(leaf), source, $"{at}.{leaf}");
        }
        set.Add(key, Json.Bytes(node));
    }

    private static void ReadInline(TenantData tenant, string path, JsonElement related, Source source, string at)
    {
        if (related.ValueKind == JsonValueKind.Null)
            return;
        if (path.EndsWith("/manager", StringComparison.Ordinal))
        {
            ReadRelated(tenant, tenant.Set(path), related, source, at);
            return;
        }
        if (related.ValueKind != JsonValueKind.Array)
            throw source.Error(at, $"must be an array, is {Kind(related)}");
        var i = 0;
        foreach (var item in related.EnumerateArray())
            ReadRelated(tenant, tenant.Set(path), item, source, string.Create(CultureInfo.InvariantCulture, $"{at}[{i++}]"));
    }

    private static void ReadRelated(TenantData tenant, EntitySet set, JsonElement item, Source source, string at)
    {
        var id = Id(item, source, at);
        CheckValues(item, source, at, arm: false);
        if (set.Find(id) is not null)
            throw source.Error(at + ".id", $"{id} is there twice");
        if (item.TryGetProperty("@odata.type", out _) || set.Name.EndsWith("/managedDevices", StringComparison.Ordinal))
        {
            set.Add(id, Json.Bytes(item));
            return;
        }
        if (set.Name.EndsWith("/methods", StringComparison.Ordinal))
            throw source.Error(at, "has no @odata.type, without which nobody knows what kind of method it is");
        // A copy made with $select has no type: an SDK would then give a bare directoryObject.
        var type =
            tenant.Users.Find(id) is not null || item.TryGetProperty("userPrincipalName", out _) ? "user"
            : tenant.ServicePrincipals.Find(id) is not null || item.TryGetProperty("servicePrincipalType", out _) ? "servicePrincipal"
            : item.TryGetProperty("securityEnabled", out _) ? "group"
            : set.Name.EndsWith("/registeredDevices", StringComparison.Ordinal) ? "device"
            : "user";
        set.Add(
            id,
            Json.Bytes(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("@odata.type", "#microsoft.graph." + type);
                foreach (var property in item.EnumerateObject())
                    property.WriteTo(writer);
                writer.WriteEndObject();
            })
        );
    }

    private static void ReadVault(VaultData vault, string kind, List<JsonElement> items, Source source, string? arrayPath)
    {
        var objects = vault.Of(kind)!;
        var idProperty = kind == "keys" ? "kid" : "id";
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var at = arrayPath is null ? "$" : string.Create(CultureInfo.InvariantCulture, $"{arrayPath}[{i}]");
            if (item.ValueKind != JsonValueKind.Object)
                throw source.Error(at, $"must be an object, is {Kind(item)}");
            var key = item;
            // A key that was fetched, not listed, has its id one level down: {"key":{"kid":...},"attributes":{...}}.
            if (
                kind == "keys"
                && !item.TryGetProperty("kid", out _)
                && item.TryGetProperty("key", out var inner)
                && inner.ValueKind == JsonValueKind.Object
            )
                key = inner;
            var id = Id(key, source, at, idProperty);
            if (
                !Uri.TryCreate(id, UriKind.Absolute, out var uri)
                || uri.AbsolutePath.Trim('/').Split('/') is not ([_, _] or [_, _, _])
                || uri.AbsolutePath.Split('/')[1] != kind
            )
                throw source.Error($"{at}.{idProperty}", $"must be https://<vault>.vault.azure.net/{kind}/<name>[/<version>], is {id}");
            if (!item.TryGetProperty("attributes", out var attributes) || attributes.ValueKind != JsonValueKind.Object)
                throw source.Error(at + ".attributes", "must be an object");
            foreach (var name in (string[])["created", "updated", "exp", "nbf"])
                if (
                    attributes.TryGetProperty(name, out var time)
                    && !(time.ValueKind == JsonValueKind.Number && time.TryGetInt64(out var seconds) && seconds is >= 0 and <= 253402300799)
                )
                    throw source.Error($"{at}.attributes.{name}", "must be a time in whole seconds since 1970");
            if (
                attributes.TryGetProperty("enabled", out var enabled)
                && enabled.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
            )
                throw source.Error(at + ".attributes.enabled", $"must be true or false, is {Kind(enabled)}");
            var parts = uri.AbsolutePath.Trim('/').Split('/');
            var (objectName, version) = (parts[1], parts.Length == 3 ? parts[2] : VersionOf(vault.Name, id));
            if (kind == "keys" && item.TryGetProperty("rotationPolicy", out var policy) && policy.ValueKind != JsonValueKind.Null)
                ReadPolicy(vault, objectName, policy, source, at + ".rotationPolicy");
            if (
                parts.Length == 2 && objects.Current.Find(objectName) is not null
                || objects.Versions.Find($"{objectName}/{version}") is not null
            )
                throw source.Error(
                    $"{at}.{idProperty}",
                    $"{objectName} is there twice (give it once without a version, or each version with its own)"
                );
            AddVersion(
                objects,
                objectName,
                version,
                Json.Bytes(writer =>
                {
                    writer.WriteStartObject();
                    foreach (var property in item.EnumerateObject())
                        if (
                            property.Name is not ("id" or "kid" or "sid" or "rotationPolicy" or "managed" or "key")
                            || property.Name == "managed" && property.Value.ValueKind == JsonValueKind.True
                        )
                            property.WriteTo(writer);
                    writer.WriteEndObject();
                })
            );
        }
    }

    /// <summary>
    /// Adds a version, and shows it as the current one when it is the newest by creation time (the later in the file where times are
    /// equal).
    /// </summary>
    public static void AddVersion(VaultObjects objects, string name, string version, byte[] json)
    {
        objects.Versions.Add($"{name}/{version}", json);
        if (objects.Current.Find(name) is { } current && Created(current.Json) > Created(json))
            return;
        objects.Current.Put(name, json);
        objects.CurrentVersion[name] = version;
    }

    /// <summary>A version id for an object whose copy has none: 32 hex digits, always the same for the same object.</summary>
    public static string VersionOf(string vault, string seed) =>
        Convert.ToHexStringLower(
            SHA256.HashData(
                Encoding.UTF8.GetBytes(
                    $"{vault.ToLowerInvariant()}\n{(Uri.TryCreate(seed, UriKind.Absolute, out var uri) ? uri.AbsolutePath : seed)}"
                )
            )
        )[..32];

    private static long Created(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return
            document.RootElement.TryGetProperty("attributes", out var attributes) && attributes.TryGetProperty("created", out var created)
            ? created.GetInt64()
            : 0;
    }

    private static void ReadPolicy(VaultData vault, string key, JsonElement policy, Source source, string at)
    {
        if (policy.ValueKind != JsonValueKind.Object)
            throw source.Error(at, $"must be an object, is {Kind(policy)}");
        if (!policy.TryGetProperty("lifetimeActions", out var actions) || actions.ValueKind != JsonValueKind.Array)
            throw source.Error(at + ".lifetimeActions", "must be an array");
        var node = JsonObject.Create(policy)!;
        node.Remove("id");
        vault.RotationPolicies.Put(key, Json.Bytes(node));
    }

    private static string Id(JsonElement item, Source source, string at, string property = "id")
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw source.Error(at, $"must be an object, is {Kind(item)}");
        if (!item.TryGetProperty(property, out var id))
            throw source.Error(at, $"has no {property}");
        if (id.ValueKind != JsonValueKind.String)
            throw source.Error($"{at}.{property}", $"must be text, is {Kind(id)}");
        return id.GetString() is { Length: > 0 } text ? text : throw source.Error($"{at}.{property}", "is empty");
    }

    // Known property names have one type in all of Graph, so one walk checks whatever a copy holds.
    private static void CheckValues(JsonElement element, Source source, string at, bool arm)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            var i = 0;
            foreach (var item in element.EnumerateArray())
            {
                var itemPath = string.Create(CultureInfo.InvariantCulture, $"{at}[{i++}]");
                if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                    CheckValues(item, source, itemPath, arm);
            }
            return;
        }
        foreach (var property in element.EnumerateObject())
        {
            var value = property.Value;
            if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                if (!arm && value.ValueKind == JsonValueKind.Object && ArrayProperties.Contains(property.Name))
                    throw source.Error($"{at}.{property.Name}", "must be an array, is an object");
                if (TextProperties.Contains(property.Name) && !arm)
                    throw source.Error($"{at}.{property.Name}", $"must be text, is {Kind(value)}");
                CheckValues(value, source, $"{at}.{property.Name}", arm);
                continue;
            }
            if (value.ValueKind == JsonValueKind.Null)
                continue;
            if (property.Name.EndsWith("DateTime", StringComparison.Ordinal) || arm && DateProperties.Contains(property.Name))
            {
                if (value.ValueKind != JsonValueKind.String)
                    throw source.Error($"{at}.{property.Name}", $"must be a date, is {Kind(value)}");
                if (!value.TryGetDateTimeOffset(out _))
                    throw source.Error(
                        $"{at}.{property.Name}",
                        $"\"{value.GetString()}\" is not a date (ISO 8601, as 2026-11-23T00:00:00Z)"
                    );
            }
            else if (arm)
                continue;
            else if (ArrayProperties.Contains(property.Name))
                throw source.Error($"{at}.{property.Name}", $"must be an array, is {Kind(value)}");
            else if (TextProperties.Contains(property.Name) && value.ValueKind != JsonValueKind.String)
                throw source.Error($"{at}.{property.Name}", $"must be text, is {Kind(value)}");
        }
    }

    private static string Kind(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "text",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "true or false",
            _ => "null",
        };

    private sealed record Source(string File)
    {
        public SandboxException Error(string path, string reason) => new($"{File}: {path}: {reason}");
    }
}
