using System.Text.Json;

namespace SandboxTenant.Data;

/// <summary>A tenant as a folder of files in the services' own wire format; docs/architecture/sandbox-tenant.md describes each.</summary>
internal static class TenantFolder
{
    // In an order in which those who are referred to come first, so that an owner without a type can be given one.
    private static readonly string[] SetFiles =
    [
        "organization",
        "users",
        "groups",
        "servicePrincipals",
        "applications",
        "subscriptions",
        "resources",
        "roleAssignments",
        "roleDefinitions",
    ];

    // What only some tenants have: that such a file is not there is no problem.
    private static readonly string[] MoreFiles =
    [
        "administrativeUnits",
        "appRoleAssignments",
        "oauth2PermissionGrants",
        "directoryRoleDefinitions",
        "directoryRoleAssignments",
        "directoryRoleEligibilities",
        "directoryRoleAssignmentSchedules",
        "devices",
        "roleEligibilityScheduleInstances",
        "locks",
        "localUsers",
        "blobServices",
        "containers",
        "userRegistrationDetails",
    ];

    /// <summary>Reads a folder.</summary>
    /// <exception cref="SandboxException">The folder is not there, holds a file it does not know, or a file is bad: one line with file,
    /// JSON path and reason.</exception>
    public static TenantData Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new SandboxException($"{folder}: there is no such folder");
        var tenant = new TenantData();
        var files = Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)
            .ToList();
        foreach (var file in files)
            if (!Known(tenant, file))
                throw new SandboxException(
                    $"{file}: the sandbox knows no file of this name; it reads "
                        + $"{string.Join(", ", SetFiles.Concat(MoreFiles).Select(f => f + ".json"))}, "
                        + $"{string.Join(", ", tenant.Relations.Select(r => $"{r.Parent}/<id>/{r.Leaf}.json"))}, "
                        + "vaults/<name>/secrets|keys|certificates.json, "
                        + "vaults/<name>/keys/<key>/rotationpolicy.json and faults.txt"
                );
        foreach (var name in SetFiles.Concat(MoreFiles))
        {
            if (files.Contains(name + ".json"))
                TenantReader.Read(tenant, name, File.ReadAllBytes(Path.Combine(folder, name + ".json")), name + ".json");
            else if (SetFiles.Contains(name))
                tenant.Notices.Add($"{name}.json is not there: the tenant has no {name}");
        }
        foreach (var file in files.Where(f => f.Contains('/', StringComparison.Ordinal)))
        {
            var path = file[..^".json".Length];
            if (
                path.Split('/') is [var parent, var id, _]
                && tenant.Sets.FirstOrDefault(s => s.Name == parent) is { } set
                && set.Find(id) is null
            )
                throw new SandboxException($"{file}: $: {parent}.json has no {id}");
            TenantReader.Read(tenant, path, File.ReadAllBytes(Path.Combine(folder, file)), file);
        }
        if (files.Contains("faults.txt"))
            tenant.Faults = File.ReadAllText(Path.Combine(folder, "faults.txt"));
        return tenant;
    }

    /// <summary>Writes a tenant as a folder that <see cref="Load"/> reads back the same. The same tenant gives the same bytes.</summary>
    /// <exception cref="SandboxException">The folder holds something already, or cannot be written.</exception>
    public static void Save(TenantData tenant, string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new SandboxException($"{folder}: the folder is not empty; name a new one");
        foreach (var set in tenant.Sets.Where(s => s.Count > 0 || SetFiles.Contains(s.Name)))
            Write(folder, set.Name, writer => Array(writer, set.All().Select(e => (Action)(() => Entity(tenant, writer, set, e)))));
        foreach (var vault in tenant.Vaults.Values.OrderBy(v => v.Name, StringComparer.Ordinal))
        {
            foreach (var objects in (VaultObjects[])[vault.Secrets, vault.Keys, vault.Certificates])
                Write(
                    folder,
                    $"vaults/{vault.Name}/{objects.Kind}",
                    writer => Array(writer, objects.Versions.All().Select(e => (Action)(() => VaultEntity(writer, vault, objects, e))))
                );
            foreach (var policy in vault.RotationPolicies.All())
                Write(folder, $"vaults/{vault.Name}/keys/{policy.Id}/rotationpolicy", writer => Raw(writer, policy.Json));
        }
        if (tenant.Faults is not null)
            File.WriteAllText(Path.Combine(folder, "faults.txt"), tenant.Faults);
    }

    private static void Entity(TenantData tenant, Utf8JsonWriter writer, EntitySet set, Entity entity)
    {
        writer.WriteStartObject();
        Properties(writer, entity.Json);
        foreach (var (_, leaf, relation) in tenant.Relations.Where(r => r.Parent == set.Name))
        {
            if (relation.Find(entity.Id) is not { Count: > 0 } related)
                continue;
            writer.WritePropertyName(leaf);
            if (leaf == "manager")
                Raw(writer, related.All()[0].Json);
            else
            {
                writer.WriteStartArray();
                foreach (var item in related.All())
                    Raw(writer, item.Json);
                writer.WriteEndArray();
            }
        }
        writer.WriteEndObject();
    }

    private static void VaultEntity(Utf8JsonWriter writer, VaultData vault, VaultObjects objects, Entity entity)
    {
        writer.WriteStartObject();
        writer.WriteString(objects.Kind == "keys" ? "kid" : "id", $"https://{vault.Name}.vault.azure.net/{objects.Kind}/{entity.Id}");
        Properties(writer, entity.Json);
        writer.WriteEndObject();
    }

    private static void Properties(Utf8JsonWriter writer, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        foreach (var property in document.RootElement.EnumerateObject())
            property.WriteTo(writer);
    }

    private static void Raw(Utf8JsonWriter writer, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        document.RootElement.WriteTo(writer);
    }

    private static void Array(Utf8JsonWriter writer, IEnumerable<Action> items)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("value");
        foreach (var item in items)
            item();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(string folder, string path, Action<Utf8JsonWriter> write)
    {
        var file = Path.Combine([folder, .. (path + ".json").Split('/')]);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using var stream = File.Create(file);
            using (var writer = new Utf8JsonWriter(stream, Json.Indented with { NewLine = "\n" }))
                write(writer);
            stream.Write("\n"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{file}: {e.Message}", e);
        }
    }

    private static bool Known(TenantData tenant, string file) =>
        file == "faults.txt"
        || file.EndsWith(".json", StringComparison.Ordinal)
            && file[..^5].Split('/') switch
            {
                [var name] => SetFiles.Contains(name) || MoreFiles.Contains(name),
                ["vaults", _, "secrets" or "keys" or "certificates"] => true,
                ["vaults", _, "keys", _, "rotationpolicy"] => true,
                [var parent, _, var leaf] => tenant.Relations.Any(r => r.Parent == parent && r.Leaf == leaf),
                _ => false,
            };
}
