using System.Text;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant.Tests;

public sealed class FolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sandbox-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_example_file_of_the_documentation_loads()
    {
        foreach (var (file, content) in Docs.Files())
            Write(file, content);
        var tenant = TenantFolder.Load(_folder);

        Assert.Equal("7f6c1c1e-52ad-4d0a-9c3e-0f6f3c1f2a10", tenant.TenantId);
        Assert.Empty(tenant.Notices);
        Assert.Equal([1, 1, 1, 1, 1, 1, 2, .. Enumerable.Repeat(1, tenant.Sets.Count() - 7)], tenant.Sets.Select(s => s.Count));
        Assert.Equal(
            [
                "applications/owners",
                "groups/members",
                "groups/owners",
                "users/methods",
                "users/registeredDevices",
                "users/managedDevices",
                "administrativeUnits/members",
            ],
            tenant.Relations.Where(r => r.Relation.All().Any()).Select(r => $"{r.Parent}/{r.Leaf}")
        );
        var vault = tenant.Vaults["kv-billing"];
        Assert.Equal(
            (1, 1, 1, 1),
            (vault.Secrets.Current.Count, vault.Keys.Current.Count, vault.Certificates.Current.Count, vault.RotationPolicies.Count)
        );
        Assert.Contains(
            "#microsoft.graph.user",
            Encoding.UTF8.GetString(tenant.ApplicationOwners.Of("3d2f4a0e-7a3c-4f0e-8a53-0b6f0c2d3e03").All().Single().Json),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("users.json", """{"value":[{"id":"a"},{"id":"A"}]}""", "users.json: $.value[1].id: A is there twice")]
    [InlineData("users.json", """{"value":[{"displayName":"x"}]}""", "users.json: $.value[0]: has no id")]
    [InlineData("users.json", """{"value":[{"id":""}]}""", "users.json: $.value[0].id: is empty")]
    [InlineData("users.json", """{"value":[{"id":7}]}""", "users.json: $.value[0].id: must be text, is a number")]
    [InlineData(
        "users.json",
        """{"value":[{"id":"a","accountEnabled":"yes"}]}""",
        "users.json: $.value[0].accountEnabled: must be true or false, is text"
    )]
    [InlineData("users.json", """{"value":{}}""", "users.json: $.value: must be an array, is an object")]
    [InlineData(
        "users.json",
        """[{"id":"a"}]""",
        "users.json: $: the top level must be an object with a \"value\" (or Resource Graph \"data\") array, as the service answers"
    )]
    [InlineData("users.json", """{"id":"a"}""", "users.json: $: there is no \"value\" (or Resource Graph \"data\") array")]
    [InlineData("users.json", """{"value":[3]}""", "users.json: $.value[0]: must be an object, is a number")]
    [InlineData(
        "users.json",
        """{"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=x","value":[]}""",
        "users.json: $['@odata.nextLink']: the copy is one page of several; fetch the others, join their objects, and take this property "
            + "away"
    )]
    [InlineData(
        "applications.json",
        """{"value":[{"id":"a","passwordCredentials":[{"endDateTime":"2026-02-30T00:00:00Z"}]}]}""",
        "applications.json: $.value[0].passwordCredentials[0].endDateTime: \"2026-02-30T00:00:00Z\" is not a date (ISO 8601, as "
            + "2026-11-23T00:00:00Z)"
    )]
    [InlineData(
        "applications.json",
        """{"value":[{"id":"a","passwordCredentials":{}}]}""",
        "applications.json: $.value[0].passwordCredentials: must be an array, is an object"
    )]
    [InlineData(
        "applications.json",
        """{"value":[{"id":"a","displayName":5}]}""",
        "applications.json: $.value[0].displayName: must be text, is a number"
    )]
    [InlineData("applications.json", """{"value":[{"id":"a","owners":[{}]}]}""", "applications.json: $.value[0].owners[0]: has no id")]
    [InlineData("applications/b/owners.json", """{"value":[]}""", "applications/b/owners.json: $: applications.json has no b")]
    [InlineData(
        "subscriptions.json",
        """{"value":[{"id":"production"}]}""",
        "subscriptions.json: $.value[0].id: must be /subscriptions/<guid>, is production"
    )]
    [InlineData(
        "resources.json",
        """{"value":[{"id":"/subscriptions/x"}]}""",
        "resources.json: $.value[0].id: must be a resource id (/subscriptions/.../providers/...), is /subscriptions/x"
    )]
    [InlineData(
        "vaults/v/secrets.json",
        """{"value":[{"id":"https://v.vault.azure.net/secrets/s"}]}""",
        "vaults/v/secrets.json: $.value[0].attributes: must be an object"
    )]
    [InlineData(
        "vaults/v/secrets.json",
        """{"value":[{"id":"https://v.vault.azure.net/keys/s","attributes":{}}]}""",
        "vaults/v/secrets.json: $.value[0].id: must be https://<vault>.vault.azure.net/secrets/<name>[/<version>], is "
            + "https://v.vault.azure.net/keys/s"
    )]
    [InlineData(
        "vaults/v/secrets.json",
        """{"value":[{"id":"https://v.vault.azure.net/secrets/s","attributes":{"exp":"2026-01-01"}}]}""",
        "vaults/v/secrets.json: $.value[0].attributes.exp: must be a time in whole seconds since 1970"
    )]
    [InlineData("vaults/v/keys/k/rotationpolicy.json", "{}", "vaults/v/keys/k/rotationpolicy.json: $.lifetimeActions: must be an array")]
    public void A_bad_file_is_refused_with_file_path_and_reason(string file, string content, string message)
    {
        Write(file, content);

        Assert.Equal(message, Assert.Throws<SandboxException>(() => TenantFolder.Load(_folder)).Message);
    }

    [Fact]
    public void Malformed_JSON_is_refused_with_line_and_place()
    {
        Write("users.json", "{\n  \"value\": [\n    {\"id\": }\n  ]\n}");

        Assert.StartsWith(
            "users.json: line 3, byte 12: this is not JSON (",
            Assert.Throws<SandboxException>(() => TenantFolder.Load(_folder)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_unknown_file_is_refused_and_a_missing_one_is_named()
    {
        Write("users.json", """{"value":[]}""");
        Assert.Contains("groups.json is not there: the tenant has no groups", TenantFolder.Load(_folder).Notices);
        Write("user.json", "{}");

        Assert.StartsWith(
            "user.json: the sandbox knows no file of this name; it reads organization.json, users.json",
            Assert.Throws<SandboxException>(() => TenantFolder.Load(_folder)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Key_bytes_and_secret_texts_in_a_copy_are_not_kept()
    {
        Write(
            "applications.json",
            """
            {"value":[{"id":"a","keyCredentials":[{"keyId":"k","key":"PLANTED"}],"passwordCredentials":[{"keyId":"p",
             "secretText":"PLANTED"}]}]}
            """
        );

        Assert.DoesNotContain(
            "PLANTED",
            Encoding.UTF8.GetString(TenantFolder.Load(_folder).Applications.All()[0].Json),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_same_seed_and_time_export_the_same_bytes_and_load_back_the_same()
    {
        var (a, b, c) = (Path.Combine(_folder, "a"), Path.Combine(_folder, "b"), Path.Combine(_folder, "c"));
        TenantFolder.Save(DemoTenant.Create(2026, DemoFixture.Now), a);
        TenantFolder.Save(DemoTenant.Create(2026, DemoFixture.Now), b);
        TenantFolder.Save(TenantFolder.Load(a), c);

        var files = Bytes(a);
        Assert.Equal(files, Bytes(b));
        Assert.Equal(files, Bytes(c));
        Assert.NotEqual(files, Exported(2027));

        Dictionary<string, string> Exported(ulong seed)
        {
            TenantFolder.Save(DemoTenant.Create(seed, DemoFixture.Now), Path.Combine(_folder, "d"));
            return Bytes(Path.Combine(_folder, "d"));
        }
    }

    private static Dictionary<string, string> Bytes(string folder) =>
        Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(
                f => Path.GetRelativePath(folder, f),
                f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))
            );

    private void Write(string file, string content)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
