using System.Globalization;
using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace SandboxTenant.Demo;

/// <summary>
/// The demo tenant: Northwynd AI, 300 people, 150 app registrations, 40 vault objects in five vaults, 16 storage accounts. The same seed
/// and time give the same tenant byte for byte; all dates are offsets from that time, to the second. Most of it is healthy, and every case
/// the credential check knows occurs.
/// </summary>
internal sealed class DemoTenant
{
    /// <summary>Mail domain of the demo's people.</summary>
    public const string Domain = "northwynd.example";

    /// <summary>The tenant that Microsoft's own applications belong to.</summary>
    public const string MicrosoftTenant = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

    private const string Far = "2299-12-31T00:00:00Z";
    private readonly ulong _seed;
    private readonly DateTimeOffset _now;
    private readonly SplitMix _random;
    private readonly TenantData _tenant = new();
    private readonly List<(string Id, string Upn, string Name, string Department)> _people = [];
    private readonly string _tenantId;

    private DemoTenant(ulong seed, DateTimeOffset now)
    {
        (_seed, _now, _random) = (seed, now, new SplitMix(seed));
        _tenantId = Id("tenant");
    }

    /// <summary>Makes the tenant.</summary>
    /// <param name="seed">What ids, names and dates are drawn from.</param>
    /// <param name="now">What its dates are offsets from.</param>
    public static TenantData Create(ulong seed, DateTimeOffset now)
    {
        var demo = new DemoTenant(
            seed,
            new DateTimeOffset(now.UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero)
        );
        demo.People();
        demo.Groups();
        demo.Applications();
        demo.ServicePrincipals();
        demo.Azure();
        demo.Vaults();
        demo.Roles();
        new DemoLeaver(demo._tenant, demo.Id, days => demo.At(days), demo._people).Add();
        new DemoStorage(demo._tenant, demo.Subscription, days => demo.At(days), demo._people[demo.Of("Data", 1).First()].Upn).Add();
        return demo._tenant;
    }

    private static readonly (string Name, int People)[] Departments =
    [
        ("Executive", 6),
        ("Engineering", 90),
        ("Research", 50),
        ("Product", 25),
        ("Security", 14),
        ("IT Operations", 20),
        ("Data", 30),
        ("Sales", 25),
        ("Marketing", 12),
        ("Finance", 12),
        ("People", 10),
        ("Legal", 6),
    ];

    // Key ages, the days of the key-expiration policy (0: none), and whether shared keys work at all.
    private static readonly (
        string Name,
        string Subscription,
        string Group,
        string Class,
        int Age1,
        int Age2,
        int Policy,
        bool? SharedKeys
    )[] KeyedAccounts =
    [
        ("stnwtrainprod", "production", "rg-training", "confidential", 40, 41, 90, true),
        ("stnwmodelsprod", "production", "rg-serving", "confidential", 200, 30, 90, true),
        ("stnwlogsprod", "production", "rg-platform", "internal", 700, 700, 0, true),
        ("stnwexportprod", "production", "rg-platform", "restricted", 89, 89, 60, true),
        ("stnwledgerprod", "production", "rg-platform", "restricted", 500, 500, 0, false),
        ("stnwlegacyprod", "production", "rg-legacy", "internal", -1, -1, 0, null),
        ("stnwtrainstg", "staging", "rg-training", "internal", 20, 21, 90, true),
        ("stnwmodelsstg", "staging", "rg-serving", "internal", 91, 12, 90, true),
        ("stnwwebstg", "staging", "rg-web", "public", 10, 10, 90, false),
        ("stnwscratchdev", "development", "rg-scratch", "internal", 33, 34, 0, true),
        ("stnwnotebookdev", "development", "rg-notebooks", "internal", 5, 60, 90, true),
        ("stnwartifactdev", "development", "rg-build", "internal", 15, 16, 90, false),
    ];

    /// <summary>Names of all its storage accounts.</summary>
    public static IReadOnlyList<string> StorageAccounts { get; } =
        [.. KeyedAccounts.Select(a => a.Name), .. DemoStorage.Accounts.Select(a => a.Name)];

    private static readonly string[] First =
    [
        "Ada",
        "Amir",
        "Anja",
        "Bruno",
        "Carla",
        "Chidi",
        "Dana",
        "Elif",
        "Emil",
        "Farah",
        "Greta",
        "Hugo",
        "Ines",
        "Ivan",
        "Jonas",
        "Kaito",
        "Lena",
        "Luis",
        "Maja",
        "Milan",
        "Nadia",
        "Noor",
        "Oskar",
        "Petra",
        "Priya",
        "Rafael",
        "Rosa",
        "Samir",
        "Sofia",
        "Tariq",
        "Tessa",
        "Uma",
        "Viktor",
        "Wanda",
        "Yara",
        "Zoe",
    ];

    private static readonly string[] Last =
    [
        "Abbasi",
        "Almeida",
        "Bauer",
        "Berg",
        "Castro",
        "Dahl",
        "Eriksen",
        "Fischer",
        "Garcia",
        "Haas",
        "Ivanova",
        "Jansen",
        "Kaya",
        "Keller",
        "Lindqvist",
        "Moreau",
        "Mwangi",
        "Novak",
        "Okafor",
        "Olsen",
        "Patel",
        "Quinn",
        "Rossi",
        "Sato",
        "Schmid",
        "Silva",
        "Tanaka",
        "Urban",
        "Vogel",
        "Weber",
        "Yilmaz",
        "Zhang",
    ];

    // People 40 and 75 were disabled; 120 is a guest who left; one more owner was deleted and is in no list.
    private static readonly int[] Disabled = [40, 75, 120];

    private void People()
    {
        _tenant.Add(
            "organization",
            new JsonObject
            {
                ["id"] = _tenantId,
                ["displayName"] = "Northwynd AI",
                ["countryLetterCode"] = "NL",
                ["createdDateTime"] = At(-2400),
                ["verifiedDomains"] = new JsonArray(
                    new JsonObject
                    {
                        ["name"] = Domain,
                        ["isDefault"] = true,
                        ["isInitial"] = false,
                        ["type"] = "Managed",
                        ["capabilities"] = "Email",
                    }
                ),
            }
        );
        HashSet<string> taken = [];
        foreach (var (department, count) in Departments)
            for (var i = 0; i < count; i++)
            {
                string first,
                    last;
                do (first, last) = (_random.Pick(First), _random.Pick(Last));
                while (!taken.Add(first + last));
                _people.Add((Id($"user/{_people.Count}"), $"{first}.{last}@{Domain}".ToLowerInvariant(), $"{first} {last}", department));
            }
        var (head, inDepartment) = (0, 0);
        for (var i = 0; i < _people.Count; i++)
        {
            var person = _people[i];
            if (i > 0 && _people[i - 1].Department != person.Department)
                (head, inDepartment) = (i, 0);
            var lead =
                inDepartment == 0 ? 0
                : inDepartment % 8 == 1 ? head
                : head + (inDepartment - 1) / 8 * 8 + 1;
            var user = new JsonObject
            {
                ["id"] = person.Id,
                ["displayName"] = person.Name,
                ["givenName"] = person.Name.Split(' ')[0],
                ["surname"] = person.Name.Split(' ')[1],
                ["userPrincipalName"] = person.Upn,
                ["mail"] = person.Upn,
                ["jobTitle"] =
                    i == 0 ? "Chief Executive"
                    : inDepartment == 0 ? $"Head of {person.Department}"
                    : inDepartment % 8 == 1 ? "Team Lead"
                    : "Specialist",
                ["department"] = person.Department,
                ["employeeId"] = string.Create(CultureInfo.InvariantCulture, $"NW-{2001 + i}"),
                ["accountEnabled"] = !Disabled.Contains(i),
                ["userType"] = i == 120 ? "Guest" : "Member",
                ["createdDateTime"] = At(-_random.Next(2000) - 60),
                ["signInActivity"] = new JsonObject
                {
                    ["lastSignInDateTime"] = At(Disabled.Contains(i) ? -140 : -_random.Next(6), -_random.Next(86400)),
                },
                ["businessPhones"] = new JsonArray(),
            };
            if (i > 0)
                user["manager"] = Person(lead == i ? 0 : lead);
            _tenant.Add("users", user);
            inDepartment++;
        }
    }

    private JsonObject Person(int index) =>
        new()
        {
            ["@odata.type"] = "#microsoft.graph.user",
            ["id"] = _people[index].Id,
            ["displayName"] = _people[index].Name,
            ["userPrincipalName"] = _people[index].Upn,
            ["mail"] = _people[index].Upn,
        };

    private void Groups()
    {
        foreach (var (department, _) in Departments)
            Group(
                $"dept-{department.ToLowerInvariant().Replace(' ', '-')}",
                $"Everyone in {department}",
                Enumerable.Range(0, _people.Count).Where(i => _people[i].Department == department)
            );
        Group("azure-production-operators", "May change production", Of("IT Operations", 6));
        Group("key-vault-administrators", "May read and change vault objects", Of("Security", 4));
        Group("model-release-approvers", "Approve a model's release", Of("Research", 3).Concat(Of("Legal", 2)));
        Group("data-stewards", "Answer for data sets", Of("Data", 8));
    }

    private IEnumerable<int> Of(string department, int count) =>
        Enumerable.Range(0, _people.Count).Where(i => _people[i].Department == department).Take(count);

    private void Group(string name, string description, IEnumerable<int> members) =>
        _tenant.Add(
            "groups",
            new JsonObject
            {
                ["id"] = Id("group/" + name),
                ["displayName"] = name,
                ["description"] = description,
                ["mailEnabled"] = false,
                ["securityEnabled"] = true,
                ["groupTypes"] = new JsonArray(),
                ["mailNickname"] = name,
                ["createdDateTime"] = At(-900),
                ["members"] = new JsonArray([.. members.Select(Person)]),
            }
        );

    private static readonly string[] Systems =
    [
        "Vector Index",
        "Feature Store",
        "Model Registry",
        "Prompt Library",
        "Data Labelling",
        "Evaluation Harness",
        "Training Scheduler",
        "Usage Metering",
        "Customer Portal",
        "Contract Analysis",
        "Support Assistant",
        "Transcription",
        "Translation",
        "Image Moderation",
        "Fraud Signals",
        "Churn Forecast",
        "Demand Forecast",
        "Knowledge Graph",
        "Document Intake",
        "Retrieval Cache",
        "Chat Gateway",
        "Audit Exporter",
        "Telemetry Collector",
        "Sandbox Runner",
        "Experiment Tracker",
    ];

    private static readonly string[] Parts = ["API", "Worker", "Pipeline", "Console", "Webhook"];

    private void Applications()
    {
        // Each line is a case; what it is for stands in the name of the credential.
        App("Invoice Reader", "Finance", Secret("aged 89 days", -89, 91));
        App("Payroll Sync", "People", Secret("aged 90 days", -90, 90));
        App("Claims Classifier", "Research", Secret("aged 91 days", -91, 89));
        App("Document Redactor", "Legal", Secret("aged 200 days", -200, 165));
        App("Legacy Scoring Service", "Engineering", Secret("aged 800 days", -800, 295));
        App("Speech Batch Import", "Research", Secret("expired 5 days ago", -85, -5));
        App("Sales Forecast Bot", "Sales", Secret("expires in 30 days", -50, 30));
        App("Ticket Summariser", "Product", Secret("expires in 14 days", -60, 14));
        App("Lead Enrichment", "Marketing", Secret("expires in 7 days", -70, 7));
        App("Access Review Mailer", "Security", Secret("expires in 1 day", -80, 1));
        App("Nightly Backup Agent", "IT Operations", Credential("no end date", -20, null));
        App("Badge Printer Bridge", "IT Operations", Credential("never ends", -700, Far));
        App("Quarterly Close Robot", "Finance", Secret("not yet started", 5, 90), Secret("in use", -40, 45));
        App("Model Gateway", "Engineering", Secret("twin one", -120, 60));
        App("Model Gateway", "Research", Secret("twin two", -10, 75));
        AppOwnedBy("Orphaned Crawler", [Deleted()], [Secret("owner deleted", -150, 30)]);
        AppOwnedBy("Prototype Embedder", [Person(Disabled[0])], [Secret("owner disabled", -110, 70)]);
        AppOwnedBy("Unowned Webhook Relay", [], [Secret("no owner", -130, 50)]);
        AppOwnedBy(
            "Pipeline Deployer",
            [
                new JsonObject
                {
                    ["@odata.type"] = "#microsoft.graph.servicePrincipal",
                    ["id"] = Id("sp/app/Release Orchestrator"),
                    ["displayName"] = "Release Orchestrator",
                    ["servicePrincipalType"] = "Application",
                },
            ],
            [Secret("owned by a service principal", -95, 85)]
        );
        AppOwnedBy("Shared Analytics Hub", [.. Of("Data", 4).Select(Person)], [Secret("several owners", -100, 80)]);
        App("Signed Webhook Sender", "Engineering", [], Certificate("Signed Webhook Sender", -100, 265, pair: true));
        App("Partner Data Exchange", "Data", [], Certificate("Partner Data Exchange", -30, 60, pair: false));
        App(
            "Mixed Credentials Service",
            "Engineering",
            [Secret("old", -300, 65), Secret("current", -15, 70), Secret("spare", -12, 76)],
            Certificate("Mixed Credentials Service", -400, -35, pair: true)
        );
        App("Release Orchestrator", "Engineering");
        App("Two Year Secret Service", "Product", Secret("valid for two years", -10, 720));
        var extra = 0;
        while (_tenant.Applications.Count < 150)
        {
            var name = $"{Systems[extra / Parts.Length % Systems.Length]} {Parts[extra % Parts.Length]}";
            var department = Departments[1 + extra % (Departments.Length - 1)].Name;
            var age = 2 + _random.Next(52);
            extra++;
            switch (extra % 10)
            {
                // A modern app signs in with a federated credential or a managed identity and has nothing to rotate.
                case 3 or 7:
                    App(name, department);
                    break;
                case 5:
                    App(name, department, [], Certificate(name, -age, 90 - age, pair: false));
                    break;
                case 8:
                    App(name, department, Secret("next", -age, 90 - age), Secret("previous", -age - 30, 62 - age));
                    break;
                default:
                    App(name, department, Secret("ci", -age, 90 - age));
                    break;
            }
        }
    }

    private JsonObject Deleted() =>
        new()
        {
            ["@odata.type"] = "#microsoft.graph.user",
            ["id"] = Id("user/deleted"),
            ["displayName"] = "Marek Former",
            ["userPrincipalName"] = $"marek.former@{Domain}",
            ["mail"] = null,
        };

    private void App(string name, string department, params JsonObject[] secrets) => App(name, department, secrets, []);

    private void App(string name, string department, JsonObject[] secrets, JsonObject[] certificates)
    {
        var staff = Of(department, 90).Where(i => !Disabled.Contains(i)).ToList();
        AppOwnedBy(name, [Person(staff[_random.Next(staff.Count)])], secrets, certificates, department);
    }

    private void AppOwnedBy(
        string name,
        JsonObject[] owners,
        JsonObject[] secrets,
        JsonObject[]? certificates = null,
        string? department = null
    )
    {
        var n = _tenant.Applications.Count;
        _tenant.Add(
            "applications",
            new JsonObject
            {
                ["id"] = Id($"app/{n}"),
                ["appId"] = Id($"appId/{n}"),
                ["displayName"] = name,
                ["createdDateTime"] = At(-850 - n),
                ["signInAudience"] = "AzureADMyOrg",
                ["publisherDomain"] = Domain,
                ["notes"] = department is null ? null : $"Run by {department}",
                ["identifierUris"] = new JsonArray(),
                ["tags"] = new JsonArray(
                    n % 4 == 0 ? ["production"]
                    : n % 4 == 1 ? ["staging"]
                    : []
                ),
                ["passwordCredentials"] = new JsonArray([.. secrets]),
                ["keyCredentials"] = new JsonArray([.. certificates ?? []]),
                ["owners"] = new JsonArray([.. owners]),
            }
        );
    }

    private JsonObject Secret(string name, int start, int end) => Credential(name, start, At(end));

    private int _credentials;

    private JsonObject Credential(string name, int start, string? end)
    {
        var n = _credentials++;
        return new JsonObject
        {
            ["customKeyIdentifier"] = null,
            ["displayName"] = name,
            ["endDateTime"] = end,
            ["hint"] = Ids.Hex($"{_seed}/hint/{n}", 3),
            ["keyId"] = Id($"secret/{n}"),
            ["secretText"] = null,
            ["startDateTime"] = At(start),
        };
    }

    private JsonObject[] Certificate(string name, int start, int end, bool pair, string? type = null)
    {
        var thumbprint = Convert.ToBase64String(Convert.FromHexString(Ids.Hex($"{_seed}/certificate/{name}", 40)));
        JsonObject Key(string usage, string keyType) =>
            new()
            {
                ["customKeyIdentifier"] = thumbprint,
                ["displayName"] = $"CN={name}",
                ["endDateTime"] = At(end),
                ["key"] = null,
                ["keyId"] = Id($"certificate/{name}/{usage}"),
                ["startDateTime"] = At(start),
                ["type"] = keyType,
                ["usage"] = usage,
            };
        return pair
            ? [Key("Sign", type ?? "X509CertAndPassword"), Key("Verify", "AsymmetricX509Cert")]
            : [Key("Verify", "AsymmetricX509Cert")];
    }

    private static readonly (string Name, string AppId)[] FirstParty =
    [
        ("Microsoft Graph", "00000003-0000-0000-c000-000000000000"),
        ("Office 365 Exchange Online", "00000002-0000-0ff1-ce00-000000000000"),
        ("Office 365 SharePoint Online", "00000003-0000-0ff1-ce00-000000000000"),
        ("Azure Key Vault", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"),
        ("Windows Azure Service Management API", "797f4846-ba00-4fd7-ba43-dac1f8f63013"),
        ("Azure Storage", "e406a681-f3d4-42a8-90b6-c2b029497af1"),
        ("Microsoft Azure CLI", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("Microsoft Teams Services", "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"),
    ];

    private void ServicePrincipals()
    {
        foreach (var app in _tenant.Applications.All())
        {
            var (name, appId) = (Json.Text(app.Json, "displayName")!, Json.Text(app.Json, "appId")!);
            // One old habit: a secret put on the service principal, where no portal page shows it.
            Principal(
                name == "Release Orchestrator" ? "sp/app/Release Orchestrator" : "sp/" + app.Id,
                appId,
                name,
                "Application",
                _tenantId,
                name == "Legacy Scoring Service" ? [Secret("left on the service principal", -500, 230)] : [],
                []
            );
        }
        var saml = new (string Name, int Start, int End)[]
        {
            ("Travel Booking", -100, 995),
            ("Expense Portal", -1090, 5),
            ("Learning Hub", -20, 1075),
            ("HR Suite", -1100, -5),
            ("Design Tool", -40, 60),
            ("CRM", -365, 730),
        };
        foreach (var (name, start, end) in saml)
        {
            var keys = Certificate(name + " SSO", start, end, pair: true);
            var password = Secret(name + " SSO", start, end);
            password["customKeyIdentifier"] = keys[0]["customKeyIdentifier"]!.GetValue<string>();
            var thumbprint = Convert.ToHexString(Convert.FromBase64String(keys[0]["customKeyIdentifier"]!.GetValue<string>()));
            Principal(
                "sp/saml/" + name,
                Id("saml/" + name),
                name,
                "Application",
                _tenantId,
                [password],
                keys,
                p =>
                {
                    p["preferredSingleSignOnMode"] = "saml";
                    p["preferredTokenSigningKeyThumbprint"] = thumbprint;
                    p["preferredTokenSigningKeyEndDateTime"] = At(end);
                    p["tags"] = new JsonArray(
                        "WindowsAzureActiveDirectoryIntegratedApp",
                        "WindowsAzureActiveDirectoryCustomSingleSignOnApplication"
                    );
                    p["owners"] = new JsonArray(Person(Of("IT Operations", 20).ElementAt(3)));
                }
            );
        }
        foreach (var (name, appId) in FirstParty)
            Principal(
                "sp/microsoft/" + name,
                appId,
                name,
                "Application",
                MicrosoftTenant,
                [],
                name == "Azure Storage" ? Certificate(name, -400, -20, pair: false) : []
            );
        foreach (
            var name in (string[])
                ["id-ingest-prod", "id-training-prod", "id-serving-prod", "id-ingest-staging", "id-serving-staging", "id-sandbox-dev"]
        )
            // The platform renews these by itself, before they are 90 days old.
            Principal(
                "sp/identity/" + name,
                Id("identity/" + name),
                name,
                "ManagedIdentity",
                null,
                [],
                Certificate(name, -46 - name.Length, 44 - name.Length, pair: false)
            );
    }

    private void Principal(
        string key,
        string appId,
        string name,
        string type,
        string? ownerTenant,
        JsonObject[] secrets,
        JsonObject[] keys,
        Action<JsonObject>? more = null
    )
    {
        var principal = new JsonObject
        {
            ["id"] = Id(key),
            ["appId"] = appId,
            ["displayName"] = name,
            ["servicePrincipalType"] = type,
            ["appOwnerOrganizationId"] = ownerTenant,
            ["accountEnabled"] = true,
            ["createdDateTime"] = At(-840),
            ["tags"] = new JsonArray(),
            ["servicePrincipalNames"] = new JsonArray(appId),
            ["passwordCredentials"] = new JsonArray([.. secrets]),
            ["keyCredentials"] = new JsonArray([.. keys]),
        };
        more?.Invoke(principal);
        _tenant.Add("servicePrincipals", principal);
    }

    private string Subscription(string name) => Id("subscription/" + name);

    private string Resource(
        string subscription,
        string group,
        string type,
        string name,
        string? kind,
        JsonObject properties,
        string classification,
        string? owner = null,
        string? sku = null
    )
    {
        var id = $"/subscriptions/{Subscription(subscription)}/resourceGroups/{group}/providers/{type}/{name}";
        var resource = new JsonObject
        {
            ["id"] = id,
            ["name"] = name,
            ["type"] = type,
            ["location"] = "westeurope",
            ["tags"] = new JsonObject
            {
                ["environment"] = subscription,
                ["dataClassification"] = classification,
                ["owner"] = owner ?? _people[Of(name.Length % 2 == 0 ? "Data" : "Engineering", 30).ElementAt(name.Length)].Upn,
            },
            ["properties"] = properties,
        };
        if (kind is not null)
            resource["kind"] = kind;
        if (sku is not null)
            resource["sku"] = new JsonObject { ["name"] = sku };
        _tenant.Add("resources", resource);
        return id;
    }

    private void Azure()
    {
        foreach (var name in (string[])["production", "staging", "development"])
            _tenant.Add(
                "subscriptions",
                new JsonObject
                {
                    ["id"] = $"/subscriptions/{Subscription(name)}",
                    ["subscriptionId"] = Subscription(name),
                    ["tenantId"] = _tenantId,
                    ["displayName"] = $"Northwynd {name}",
                    ["state"] = "Enabled",
                    ["authorizationSource"] = "RoleBased",
                    ["subscriptionPolicies"] = new JsonObject
                    {
                        ["locationPlacementId"] = "Public_2014-09-01",
                        ["quotaId"] = "EnterpriseAgreement_2014-09-01",
                        ["spendingLimit"] = "Off",
                    },
                    ["tags"] = new JsonObject { ["environment"] = name },
                }
            );
        foreach (var a in KeyedAccounts)
        {
            var properties = new JsonObject
            {
                ["provisioningState"] = "Succeeded",
                ["creationTime"] = At(-900),
                ["keyCreationTime"] =
                    a.Age1 < 0
                        ? new JsonObject { ["key1"] = null, ["key2"] = null }
                        : new JsonObject { ["key1"] = At(-a.Age1), ["key2"] = At(-a.Age2) },
                ["minimumTlsVersion"] = "TLS1_2",
                ["supportsHttpsTrafficOnly"] = true,
                ["primaryEndpoints"] = new JsonObject { ["blob"] = $"https://{a.Name}.blob.core.windows.net/" },
            };
            // The service leaves the property out where nobody ever set it; that means allowed.
            if (a.SharedKeys is { } allowed)
                properties["allowSharedKeyAccess"] = allowed;
            if (a.Policy > 0)
                properties["keyPolicy"] = new JsonObject { ["keyExpirationPeriodInDays"] = a.Policy };
            Resource(
                a.Subscription,
                a.Group,
                "Microsoft.Storage/storageAccounts",
                a.Name,
                "StorageV2",
                properties,
                a.Class,
                sku: "Standard_LRS"
            );
        }
        Local("production", "rg-serving", "Microsoft.CognitiveServices/accounts", "oai-nw-prod", "OpenAI", true, "confidential");
        Local("staging", "rg-serving", "Microsoft.CognitiveServices/accounts", "oai-nw-stg", "OpenAI", false, "internal");
        Local("production", "rg-serving", "Microsoft.CognitiveServices/accounts", "ais-nw-prod", "AIServices", false, "confidential");
        Local("development", "rg-scratch", "Microsoft.CognitiveServices/accounts", "speech-nw-dev", "SpeechServices", null, "internal");
        Local(
            "production",
            "rg-platform",
            "Microsoft.DocumentDB/databaseAccounts",
            "cosmos-nw-prod",
            "GlobalDocumentDB",
            true,
            "restricted"
        );
        Local("staging", "rg-platform", "Microsoft.DocumentDB/databaseAccounts", "cosmos-nw-stg", "GlobalDocumentDB", false, "internal");
        Local("production", "rg-platform", "Microsoft.ServiceBus/namespaces", "sb-nw-prod", null, true, "internal");
        Local("development", "rg-scratch", "Microsoft.ServiceBus/namespaces", "sb-nw-dev", null, false, "internal");
        Local("production", "rg-platform", "Microsoft.EventHub/namespaces", "evh-nw-prod", null, true, "internal");
        Local("staging", "rg-platform", "Microsoft.EventHub/namespaces", "evh-nw-stg", null, false, "internal");
        Local("production", "rg-serving", "Microsoft.Search/searchServices", "srch-nw-prod", null, true, "confidential");
        Local("staging", "rg-serving", "Microsoft.Search/searchServices", "srch-nw-stg", null, false, "internal");
    }

    private void Local(string subscription, string group, string type, string name, string? kind, bool? disabled, string classification)
    {
        var properties = new JsonObject { ["provisioningState"] = "Succeeded" };
        if (disabled is { } value)
            properties["disableLocalAuth"] = value;
        Resource(subscription, group, type, name, kind, properties, classification);
    }

    private void Vaults()
    {
        foreach (
            var (name, subscription, group, classification) in ((string, string, string, string)[])
                [
                    ("kv-nw-prod", "production", "rg-platform", "confidential"),
                    ("kv-nw-hr", "production", "rg-people", "restricted"),
                    ("kv-nw-data", "production", "rg-training", "confidential"),
                    ("kv-nw-stg", "staging", "rg-platform", "internal"),
                    ("kv-nw-dev", "development", "rg-scratch", "internal"),
                ]
        )
        {
            Resource(
                subscription,
                group,
                "Microsoft.KeyVault/vaults",
                name,
                null,
                new JsonObject
                {
                    ["tenantId"] = _tenantId,
                    ["sku"] = new JsonObject { ["family"] = "A", ["name"] = "standard" },
                    ["vaultUri"] = $"https://{name}.vault.azure.net/",
                    ["enableRbacAuthorization"] = true,
                    ["enableSoftDelete"] = true,
                    ["enablePurgeProtection"] = true,
                    ["publicNetworkAccess"] = "Enabled",
                },
                classification
            );
            _tenant.Vault(name);
        }
        // Twenty secrets, eight keys, twelve certificates. A certificate brings a managed secret and key of its name along, which are not
        // counted again.
        VaultSecret("kv-nw-prod", "billing-api-token", -20, 60);
        VaultSecret("kv-nw-prod", "payment-webhook-key", -95, 85);
        VaultSecret("kv-nw-prod", "smtp-password", -400, null);
        VaultSecret("kv-nw-prod", "cdn-purge-token", -80, 7);
        VaultSecret("kv-nw-prod", "search-admin-key", -90, 90);
        VaultSecret("kv-nw-prod", "oauth-signing-salt", -30, 58);
        VaultSecret("kv-nw-hr", "payroll-sftp-password", -210, 150);
        VaultSecret("kv-nw-hr", "benefits-api-key", -35, 50);
        VaultSecret("kv-nw-hr", "old-hr-import", -900, -500, enabled: false);
        VaultSecret("kv-nw-hr", "survey-tool-key", -88, -2);
        VaultSecret("kv-nw-data", "warehouse-login", -12, 75);
        VaultSecret("kv-nw-data", "labelling-vendor-key", -89, 91);
        VaultSecret("kv-nw-data", "dataset-registry-token", -44, 40);
        VaultSecret("kv-nw-data", "map-tiles-key", -10, null);
        VaultSecret("kv-nw-stg", "staging-db-password", -130, 30);
        VaultSecret("kv-nw-stg", "staging-smtp-password", -15, 60);
        VaultSecret("kv-nw-stg", "feature-flag-token", -25, 45);
        VaultSecret("kv-nw-dev", "dev-db-password", -91, 14);
        VaultSecret("kv-nw-dev", "future-rollout-key", -1, 85, notBefore: 3);
        VaultSecret("kv-nw-dev", "playground-token", -5, 70);
        // An older version is still there: only the current one is to be judged.
        VaultSecret("kv-nw-prod", "billing-api-token", -110, 10, version: "old");

        VaultKey("kv-nw-prod", "ledger-signing", -400, null, rotates: true);
        VaultKey("kv-nw-prod", "disk-encryption", -300, null, rotates: false);
        VaultKey("kv-nw-prod", "token-wrapping", -50, 40, rotates: true);
        VaultKey("kv-nw-hr", "field-encryption", -95, 270, rotates: false);
        VaultKey("kv-nw-data", "dataset-encryption", -60, 300, rotates: true);
        VaultKey("kv-nw-data", "retired-key", -1000, -200, rotates: false, enabled: false);
        VaultKey("kv-nw-stg", "staging-wrapping", -30, 60, rotates: true);
        VaultKey("kv-nw-dev", "dev-wrapping", -800, null, rotates: false);

        VaultCertificate("kv-nw-prod", "api-northwynd-example", -40, 50);
        VaultCertificate("kv-nw-prod", "portal-northwynd-example", -60, 30);
        VaultCertificate("kv-nw-prod", "mtls-partner", -351, 14);
        VaultCertificate("kv-nw-prod", "ingest-northwynd-example", -20, 70);
        VaultCertificate("kv-nw-hr", "hr-suite-saml", -30, 55);
        VaultCertificate("kv-nw-hr", "hr-legacy", -800, -70, enabled: false);
        VaultCertificate("kv-nw-data", "warehouse-client", -366, -1);
        VaultCertificate("kv-nw-data", "label-vendor-client", -10, 80);
        VaultCertificate("kv-nw-stg", "stg-northwynd-example", -15, 75);
        VaultCertificate("kv-nw-stg", "stg-client", -25, 65);
        VaultCertificate("kv-nw-dev", "dev-wildcard", -89, 1);
        VaultCertificate("kv-nw-dev", "dev-client", -5, 85);
    }

    private JsonObject Attributes(int created, int? expires, bool enabled, int? notBefore = null)
    {
        var attributes = new JsonObject { ["enabled"] = enabled };
        if (notBefore is { } nbf)
            attributes["nbf"] = Unix(nbf);
        if (expires is { } exp)
            attributes["exp"] = Unix(exp);
        attributes["created"] = Unix(created);
        attributes["updated"] = Unix(created);
        attributes["recoveryLevel"] = "Recoverable";
        attributes["recoverableDays"] = 90;
        return attributes;
    }

    private string Version(string vault, string kind, string name, string? version) =>
        Ids.Hex($"{_seed}/{vault}/{kind}/{name}/{version}", 32);

    private void VaultSecret(
        string vault,
        string name,
        int created,
        int? expires,
        bool enabled = true,
        int? notBefore = null,
        string? version = null
    ) =>
        _tenant.Add(
            $"vaults/{vault}/secrets",
            new JsonObject
            {
                ["id"] = $"https://{vault}.vault.azure.net/secrets/{name}/{Version(vault, "secrets", name, version)}",
                ["value"] = $"planted-secret-value-{vault}-{name}{version}",
                ["contentType"] = "text/plain",
                ["attributes"] = Attributes(created, expires, enabled, notBefore),
                ["tags"] = new JsonObject { ["owner"] = Owner(vault, name) },
            }
        );

    private string Owner(string vault, string name) =>
        vault == "kv-nw-hr" && name == "payroll-sftp-password"
            ? $"marek.former@{Domain}"
            : _people[6 + (int)(SplitMix.Hash(name) % 89)].Upn;

    private void VaultKey(string vault, string name, int created, int? expires, bool rotates, bool enabled = true)
    {
        _tenant.Add(
            $"vaults/{vault}/keys",
            new JsonObject
            {
                ["kid"] = $"https://{vault}.vault.azure.net/keys/{name}/{Version(vault, "keys", name, null)}",
                ["attributes"] = Attributes(created, expires, enabled),
                ["tags"] = new JsonObject { ["owner"] = Owner(vault, name) },
            }
        );
        if (rotates)
            _tenant.Add(
                $"vaults/{vault}/keys/{name}/rotationpolicy",
                new JsonObject
                {
                    ["lifetimeActions"] = new JsonArray(
                        new JsonObject
                        {
                            ["trigger"] = new JsonObject { ["timeAfterCreate"] = "P90D" },
                            ["action"] = new JsonObject { ["type"] = "Rotate" },
                        },
                        new JsonObject
                        {
                            ["trigger"] = new JsonObject { ["timeBeforeExpiry"] = "P30D" },
                            ["action"] = new JsonObject { ["type"] = "Notify" },
                        }
                    ),
                    ["attributes"] = new JsonObject
                    {
                        ["expiryTime"] = "P1Y",
                        ["created"] = Unix(created),
                        ["updated"] = Unix(created),
                    },
                }
            );
    }

    private void VaultCertificate(string vault, string name, int created, int expires, bool enabled = true)
    {
        var version = Version(vault, "certificates", name, null);
        _tenant.Add(
            $"vaults/{vault}/certificates",
            new JsonObject
            {
                ["id"] = $"https://{vault}.vault.azure.net/certificates/{name}/{version}",
                ["x5t"] = Convert
                    .ToBase64String(Convert.FromHexString(Ids.Hex($"{_seed}/x5t/{vault}/{name}", 40)))
                    .TrimEnd('=')
                    .Replace('+', '-')
                    .Replace('/', '_'),
                ["attributes"] = Attributes(created, expires, enabled, created),
                ["subject"] = $"CN={name}",
                ["tags"] = new JsonObject { ["owner"] = Owner(vault, name) },
            }
        );
        _tenant.Add(
            $"vaults/{vault}/secrets",
            new JsonObject
            {
                ["id"] = $"https://{vault}.vault.azure.net/secrets/{name}/{version}",
                ["value"] = $"planted-secret-value-{vault}-{name}-pfx",
                ["contentType"] = "application/x-pkcs12",
                ["managed"] = true,
                ["attributes"] = Attributes(created, expires, enabled, created),
            }
        );
        _tenant.Add(
            $"vaults/{vault}/keys",
            new JsonObject
            {
                ["kid"] = $"https://{vault}.vault.azure.net/keys/{name}/{version}",
                ["managed"] = true,
                ["attributes"] = Attributes(created, expires, enabled, created),
            }
        );
    }

    // Built-in roles with the actions that matter here, as https://learn.microsoft.com/azure/role-based-access-control/built-in-roles lists
    // them.
    private static readonly (string Name, string Id, string[] Actions, string[] NotActions, string[] DataActions)[] RoleIds =
    [
        ("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ["*"], [], []),
        (
            "Contributor",
            "b24988ac-6180-42a0-ab88-20f7382dd24c",
            ["*"],
            ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action"],
            []
        ),
        ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", ["*/read"], [], []),
        (
            "Key Vault Administrator",
            "00482a5a-887f-4fb3-b363-3b7fe8e74483",
            ["Microsoft.Authorization/*/read", "Microsoft.KeyVault/vaults/read"],
            [],
            ["Microsoft.KeyVault/vaults/*"]
        ),
        (
            "Key Vault Reader",
            "21090545-7ca7-4776-b22c-e363652d74d2",
            ["Microsoft.Authorization/*/read", "Microsoft.KeyVault/vaults/read"],
            [],
            ["Microsoft.KeyVault/vaults/*/read"]
        ),
        (
            "Storage Blob Data Contributor",
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            ["Microsoft.Storage/storageAccounts/blobServices/containers/read"],
            [],
            ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"]
        ),
    ];

    private void Roles()
    {
        foreach (var (name, id, actions, notActions, dataActions) in RoleIds)
            _tenant.Add(
                "roleDefinitions",
                new JsonObject
                {
                    ["id"] = $"/providers/Microsoft.Authorization/roleDefinitions/{id}",
                    ["name"] = id,
                    ["type"] = "Microsoft.Authorization/roleDefinitions",
                    ["properties"] = new JsonObject
                    {
                        ["roleName"] = name,
                        ["type"] = "BuiltInRole",
                        ["description"] = "",
                        ["assignableScopes"] = new JsonArray("/"),
                        ["permissions"] = new JsonArray(
                            new JsonObject
                            {
                                ["actions"] = new JsonArray([.. actions.Select(a => (JsonNode)a)]),
                                ["notActions"] = new JsonArray([.. notActions.Select(a => (JsonNode)a)]),
                                ["dataActions"] = new JsonArray([.. dataActions.Select(a => (JsonNode)a)]),
                                ["notDataActions"] = new JsonArray(),
                            }
                        ),
                    },
                }
            );
        foreach (var subscription in (string[])["production", "staging", "development"])
        {
            var scope = $"/subscriptions/{Subscription(subscription)}";
            Role(scope, "Owner", Id("group/azure-production-operators"), "Group");
            Role(scope, "Reader", Id("group/dept-security"), "Group");
            Role(scope, "Key Vault Administrator", Id("group/key-vault-administrators"), "Group");
            Role(scope, "Contributor", Id("sp/app/Release Orchestrator"), "ServicePrincipal");
        }
        var production = $"/subscriptions/{Subscription("production")}/resourceGroups/rg-training";
        Role(production, "Storage Blob Data Contributor", Id("sp/identity/id-training-prod"), "ServicePrincipal");
        // People with a role of their own: what a leaver's case has to find.
        Role(production, "Contributor", _people[Of("Data", 1).First()].Id, "User");
        Role($"/subscriptions/{Subscription("production")}", "Contributor", _people[Disabled[0]].Id, "User");
    }

    private void Role(string scope, string role, string principal, string type)
    {
        var name = Id($"role/{scope}/{role}/{principal}");
        _tenant.Add(
            "roleAssignments",
            new JsonObject
            {
                ["id"] = $"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                ["name"] = name,
                ["type"] = "Microsoft.Authorization/roleAssignments",
                ["properties"] = new JsonObject
                {
                    ["roleDefinitionId"] = $"/providers/Microsoft.Authorization/roleDefinitions/{RoleIds.Single(r => r.Name == role).Id}",
                    ["principalId"] = principal,
                    ["principalType"] = type,
                    ["scope"] = scope,
                    ["createdOn"] = At(-500),
                },
            }
        );
    }

    private string Id(string key) => Ids.Guid($"{_seed}/{key}");

    private string At(int days, int seconds = 0) =>
        _now.AddDays(days).AddSeconds(seconds).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private long Unix(int days) => _now.AddDays(days).ToUnixTimeSeconds();
}
