using System.Globalization;
using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace SandboxTenant.Demo;

/// <summary>Generates a tenant of any size, straight into the form it is served from: 50,000 applications take about a second.</summary>
internal static class TenantGenerator
{
    // Of each kind; more would fill the machine's memory before anything is served.
    private const int MaxCount = 2_000_000;

    /// <summary>Makes the tenant. The same arguments give the same tenant.</summary>
    /// <exception cref="SandboxException">The size makes no sense.</exception>
    public static TenantData Generate(GeneratorOptions size, ulong seed, DateTimeOffset now)
    {
        int[] counts = [size.Applications, size.CredentialsPerApplication, size.VaultObjects, size.Vaults, size.Leavers];
        var credentials = (long)size.Applications * size.CredentialsPerApplication;
        if (counts.Any(c => c is < 0 or > MaxCount) || credentials > MaxCount || !(size.FlaggedShare is >= 0 and <= 1))
            throw new SandboxException(
                $"a generated tenant's counts, and its credentials in all, must be from 0 to {MaxCount} and its flagged share from 0 to 1"
            );
        if (size.VaultObjects > 0 && size.Vaults == 0)
            throw new SandboxException("vault objects need at least one vault");
        var tenant = new TenantData();
        var random = new SplitMix(seed);
        var tenantId = Ids.Guid($"{seed}/generated");
        string Date(int days) => now.AddDays(days).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        // Flagged things are older than 90 days; the others are younger and expire no sooner than in 31 days.
        (int Age, int Left) Life() =>
            random.Next() % 1_000_000 < size.FlaggedShare * 1_000_000
                ? (91 + random.Next(300), 40 + random.Next(100))
                : (random.Next(59), 31 + random.Next(28));
        var dates = Enumerable.Range(-400, 600).ToDictionary(d => d, Date);
        string Id() =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{random.Next() >> 32:x8}-{random.Next() >> 48:x4}-4{random.Next() >> 52:x3}-8{random.Next() >> 52:x3}"
                    + $"-{random.Next() >> 16:x12}"
            );

        tenant.Add("organization", new JsonObject { ["id"] = tenantId, ["displayName"] = "Generated tenant" });
        List<(string Id, byte[] Owner)> owners = [];
        for (var i = 0; i < Math.Clamp(size.Applications / 50, 1, 500); i++)
        {
            var (id, upn) = (Id(), string.Create(CultureInfo.InvariantCulture, $"person{i:D4}@generated.example"));
            var user = new JsonObject
            {
                ["id"] = id,
                ["displayName"] = $"Person {i}",
                ["userPrincipalName"] = upn,
                ["mail"] = upn,
                ["accountEnabled"] = true,
            };
            tenant.Add("users", user);
            user.Remove("accountEnabled");
            user.Insert(0, "@odata.type", "#microsoft.graph.user");
            owners.Add((id, Json.Bytes(user)));
        }
        for (var i = 0; i < size.Applications; i++)
        {
            var id = Id();
            tenant.Applications.Add(
                id,
                Json.Bytes(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("id", id);
                    writer.WriteString("appId", Id());
                    writer.WriteString("displayName", string.Create(CultureInfo.InvariantCulture, $"Generated application {i:D6}"));
                    writer.WriteString("createdDateTime", dates[-400]);
                    writer.WriteString("signInAudience", "AzureADMyOrg");
                    writer.WriteStartArray("tags");
                    writer.WriteEndArray();
                    writer.WriteStartArray("keyCredentials");
                    writer.WriteEndArray();
                    writer.WriteStartArray("passwordCredentials");
                    for (var c = 0; c < size.CredentialsPerApplication; c++)
                    {
                        var (age, left) = Life();
                        writer.WriteStartObject();
                        writer.WriteNull("customKeyIdentifier");
                        writer.WriteString("displayName", "generated");
                        writer.WriteString("endDateTime", dates[left]);
                        writer.WriteString("hint", "gen");
                        writer.WriteString("keyId", Id());
                        writer.WriteNull("secretText");
                        writer.WriteString("startDateTime", dates[-age]);
                        writer.WriteEndObject();
                    }
                    writer.WriteEndArray();
                    writer.WriteEndObject();
                })
            );
            var owner = owners[i % owners.Count];
            tenant.ApplicationOwners.Of(id).Add(owner.Id, owner.Owner);
        }
        if (size.Leavers > 0)
            GeneratedLeavers.Add(tenant, size.Leavers, seed);
        if (size.Vaults == 0)
            return tenant;
        var subscription = Ids.Guid($"{seed}/generated/subscription");
        tenant.Add(
            "subscriptions",
            new JsonObject
            {
                ["id"] = $"/subscriptions/{subscription}",
                ["displayName"] = "Generated",
                ["state"] = "Enabled",
            }
        );
        for (var i = 0; i < size.Vaults; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"kv-gen-{i:D3}");
            tenant.Add(
                "resources",
                new JsonObject
                {
                    ["id"] = $"/subscriptions/{subscription}/resourceGroups/rg-generated/providers/Microsoft.KeyVault/vaults/{name}",
                    ["name"] = name,
                    ["type"] = "Microsoft.KeyVault/vaults",
                    ["location"] = "westeurope",
                    ["tags"] = new JsonObject { ["environment"] = "production" },
                    ["properties"] = new JsonObject { ["vaultUri"] = $"https://{name}.vault.azure.net/" },
                }
            );
            tenant.Vault(name);
        }
        for (var i = 0; i < size.VaultObjects; i++)
        {
            var vault = tenant.Vault(string.Create(CultureInfo.InvariantCulture, $"kv-gen-{i % size.Vaults:D3}"));
            var objects = (i / size.Vaults % 4) switch
            {
                0 or 1 => vault.Secrets,
                2 => vault.Keys,
                _ => vault.Certificates,
            };
            var (age, left) = Life();
            var json = Json.Bytes(writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartObject("attributes");
                writer.WriteBoolean("enabled", true);
                writer.WriteNumber("exp", now.AddDays(left).ToUnixTimeSeconds());
                writer.WriteNumber("created", now.AddDays(-age).ToUnixTimeSeconds());
                writer.WriteNumber("updated", now.AddDays(-age).ToUnixTimeSeconds());
                writer.WriteString("recoveryLevel", "Recoverable");
                writer.WriteEndObject();
                if (objects.Kind == "certificates")
                    writer.WriteString("x5t", "AAAAAAAAAAAAAAAAAAAAAAAAAAA");
                writer.WriteEndObject();
            });
            TenantReader.AddVersion(
                objects,
                string.Create(CultureInfo.InvariantCulture, $"object-{i:D6}"),
                Ids.Hex($"{seed}/{i}", 32),
                json
            );
        }
        return tenant;
    }
}
