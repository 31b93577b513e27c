using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Identity;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace SandboxTenant.Tests;

/// <summary>The official SDKs, unchanged, against the demo tenant.</summary>
public sealed class SdkTests(DemoFixture demo)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Graph_reads_all_applications_over_several_pages()
    {
        var graph = demo.Clients.Graph();
        var first = await graph.Applications.GetAsync(
            r =>
            {
                r.QueryParameters.Select = ["id", "appId", "displayName", "passwordCredentials", "keyCredentials"];
                r.QueryParameters.Top = 40;
            },
            Stop
        );
        List<Application> all = [];
        await PageIterator<Application, ApplicationCollectionResponse>
            .CreatePageIterator(
                graph,
                first!,
                a =>
                {
                    all.Add(a);
                    return true;
                }
            )
            .IterateAsync(Stop);

        Assert.Equal(150, all.Count);
        Assert.Equal(150, all.Select(a => a.Id).Distinct().Count());
        Assert.All(all, a => Assert.Null(a.CreatedDateTime));
        Assert.Equal(
            DemoFixture.Now.AddDays(-800),
            all.Single(a => a.DisplayName == "Legacy Scoring Service").PasswordCredentials!.Single().StartDateTime
        );
    }

    [Fact]
    public async Task Graph_reads_owners_with_their_types()
    {
        var graph = demo.Clients.Graph();
        var app = (
            await graph.Applications.GetAsync(r => r.QueryParameters.Filter = "displayName eq 'Pipeline Deployer'", Stop)
        )!.Value!.Single();
        var owners = (await graph.Applications[app.Id].Owners.GetAsync(cancellationToken: Stop))!.Value!;

        Assert.Equal("Release Orchestrator", Assert.IsType<ServicePrincipal>(Assert.Single(owners)).DisplayName);
    }

    [Fact]
    public async Task Graph_finds_a_user_by_id_and_by_principal_name()
    {
        var graph = demo.Clients.Graph();
        var any = (await graph.Users.GetAsync(r => r.QueryParameters.Top = 1, Stop))!.Value!.Single();
        var byName = await graph.Users[any.UserPrincipalName].GetAsync(r => r.QueryParameters.Select = ["id", "accountEnabled"], Stop);

        Assert.Equal((any.Id, true), (byName!.Id, byName.AccountEnabled));
    }

    [Fact]
    public async Task Graph_answers_an_unknown_user_with_the_error_code_of_the_service()
    {
        var error = await Assert.ThrowsAsync<Microsoft.Graph.Models.ODataErrors.ODataError>(() =>
            demo.Clients.Graph().Users["nobody@northwynd.example"].GetAsync(cancellationToken: Stop)
        );

        Assert.Equal((404, "Request_ResourceNotFound"), (error.ResponseStatusCode, error.Error!.Code));
        Assert.False(string.IsNullOrEmpty(error.Error.InnerError!.RequestId));
    }

    [Fact]
    public async Task Graph_batch_answers_each_request()
    {
        var graph = demo.Clients.Graph();
        var apps = (await graph.Applications.GetAsync(r => r.QueryParameters.Top = 3, Stop))!.Value!;
        var batch = new BatchRequestContentCollection(graph);
        var ids = new List<string>();
        foreach (var app in apps)
            ids.Add(await batch.AddBatchRequestStepAsync(graph.Applications[app.Id].Owners.ToGetRequestInformation()));
        var answer = await graph.Batch.PostAsync(batch, Stop);

        foreach (var id in ids)
            Assert.Single((await answer.GetResponseByIdAsync<DirectoryObjectCollectionResponse>(id)).Value!);
    }

    [Fact]
    public async Task Resource_Manager_lists_subscriptions()
    {
        List<string> names = [];
        await foreach (var subscription in demo.Clients.Arm().GetSubscriptions().GetAllAsync(Stop))
            names.Add(subscription.Data.DisplayName);

        Assert.Equal(["Northwynd production", "Northwynd staging", "Northwynd development"], names);
    }

    [Fact]
    public async Task Resource_Graph_answers_on_the_pipeline()
    {
        var pipeline = demo.Clients.ArmPipeline();
        var message = pipeline.CreateMessage();
        message.Request.Method = RequestMethod.Post;
        message.Request.Uri.Reset(new Uri(demo.Sandbox.BaseAddress, "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"));
        message.Request.Headers.Add("Content-Type", "application/json");
        message.Request.Content = RequestContent.Create(
            new
            {
                query = "resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name, vaultUri = properties.vaultUri | "
                    + "order by name asc",
            }
        );
        await pipeline.SendAsync(message, Stop);
        var answer = JsonNode.Parse(message.Response.Content.ToString())!;

        Assert.Equal((200, null), (message.Response.Status, answer["error"]?.ToJsonString()));
        Assert.Equal(
            ["kv-nw-data", "kv-nw-dev", "kv-nw-hr", "kv-nw-prod", "kv-nw-stg"],
            answer["data"]!.AsArray().Select(r => r!["name"]!.GetValue<string>())
        );
        Assert.Equal($"https://kv-nw-data.vault.localhost:{demo.Sandbox.Port}/", answer["data"]![0]!["vaultUri"]!.GetValue<string>());
    }

    [Fact]
    public async Task Secret_client_passes_the_challenge_and_lists_without_values()
    {
        var client = demo.Clients.Secrets("kv-nw-prod");
        List<string> names = [];
        await foreach (var secret in client.GetPropertiesOfSecretsAsync(Stop))
            names.Add(secret.Name + (secret.Managed ? " (managed)" : ""));
        var one = (await client.GetSecretAsync("billing-api-token", cancellationToken: Stop)).Value;

        Assert.Contains("mtls-partner (managed)", names);
        Assert.Equal(10, names.Count);
        Assert.Equal(
            ("planted-secret-value-kv-nw-prod-billing-api-token", DemoFixture.Now.AddDays(60)),
            (one.Value, one.Properties.ExpiresOn)
        );
    }

    [Fact]
    public async Task Secret_client_reads_the_versions_of_one_secret()
    {
        List<DateTimeOffset?> created = [];
        await foreach (var version in demo.Clients.Secrets("kv-nw-prod").GetPropertiesOfSecretVersionsAsync("billing-api-token", Stop))
            created.Add(version.CreatedOn);

        Assert.Equal([DemoFixture.Now.AddDays(-20), DemoFixture.Now.AddDays(-110)], created);
    }

    [Fact]
    public async Task Certificate_client_lists_and_gets()
    {
        var client = demo.Clients.Certificates("kv-nw-hr");
        Dictionary<string, bool?> enabled = [];
        await foreach (var certificate in client.GetPropertiesOfCertificatesAsync(cancellationToken: Stop))
            enabled[certificate.Name] = certificate.Enabled;
        var one = (await client.GetCertificateAsync("hr-legacy", Stop)).Value;

        Assert.Equal(new Dictionary<string, bool?> { ["hr-suite-saml"] = true, ["hr-legacy"] = false }, enabled);
        Assert.Equal(DemoFixture.Now.AddDays(-70), one.Properties.ExpiresOn);
    }

    [Fact]
    public async Task A_wrong_client_secret_fails_as_Entra_says_it()
    {
        var error = await Assert.ThrowsAsync<AuthenticationFailedException>(async () =>
            await demo.Clients.Credential("wrong").GetTokenAsync(new TokenRequestContext(["https://graph.microsoft.com/.default"]), Stop)
        );

        Assert.Contains("AADSTS7000215", error.ToString(), StringComparison.Ordinal);
    }
}
