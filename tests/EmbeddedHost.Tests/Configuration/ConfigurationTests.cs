using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace EmbeddedHost.Tests.Configuration;

public sealed class ConfigurationTests
{
    [Theory]
    [InlineData("""{"version":"1.0"}""", "host.json: $.version: must be \"2.0\"")]
    [InlineData("[]", "host.json: $: must be a JSON object")]
    [InlineData("{\n\"version\"", "host.json: line 2: not valid JSON")]
    [InlineData("""{"version":"2.0","extensions":7}""", "host.json: $.extensions: must be an object")]
    [InlineData("""{"version":"2.0","extensions":{"http":{"routePrefix":1}}}""", "host.json: $.extensions.http.routePrefix: must be a string")]
    [InlineData("""{"version":"2.0","extensions":{"http":{"prefix":"x"}}}""", "host.json: $.extensions.http.prefix: is not a setting of this section")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"batchSize":0}}}""", "host.json: $.extensions.queues.batchSize: must be a whole number from 1 to 32")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"batchSize":33}}}""", "host.json: $.extensions.queues.batchSize: must be a whole number from 1 to 32")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"newBatchThreshold":-1}}}""", "newBatchThreshold: must be a whole number")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"maxDequeueCount":0}}}""", "maxDequeueCount: must be a whole number from 1")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"maxPollingInterval":"00:00:00.09"}}}""", "maxPollingInterval: must be a time span hh:mm:ss from 00:00:00.1000000")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"visibilityTimeout":"soon"}}}""", "visibilityTimeout: must be a time span")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"messageEncoding":"utf8"}}}""", "messageEncoding: must be \"base64\" or \"none\"")]
    [InlineData("""{"version":"2.0","functionTimeout":"00:00:00.5"}""", "$.functionTimeout: must be a time span hh:mm:ss from 00:00:01")]
    public void A_bad_host_json_is_refused_with_file_path_and_rule(string text, string message) =>
        Assert.Contains(message, Assert.Throws<StartupException>(() => HostJson.Parse(text, "host.json")).Message, StringComparison.Ordinal);

    [Fact]
    public void Absent_parts_of_host_json_have_the_real_hosts_defaults() =>
        Assert.Equal(
            ("api", TimeSpan.FromMinutes(30), new QueueRules
            {
                BatchSize = 16,
                NewBatchThreshold = 8 * Environment.ProcessorCount,
                MaxDequeueCount = 5,
                VisibilityTimeout = TimeSpan.Zero,
                MaxPollingInterval = TimeSpan.FromMinutes(1),
                Base64 = true,
            }),
            HostJson.Parse("""{"version":"2.0"}""", "host.json") is var j ? (j.RoutePrefix, j.FunctionTimeout, j.Queues) : default);

    [Fact]
    public void Every_part_of_host_json_is_read_with_comments_and_keys_of_any_case()
    {
        var json = HostJson.Parse(
            """
            { // a comment
              "Version": "2.0", "functionTimeout": "-1", "logging": { "logLevel": { "default": "Warning" } },
              "extensions": { "http": { "routePrefix": "/v1/" }, "queues": { "BatchSize": 4, "newBatchThreshold": 0, "maxDequeueCount": 2,
                "visibilityTimeout": "00:00:30", "maxPollingInterval": "00:00:02", "messageEncoding": "None" } },
            }
            """,
            "host.json");
        Assert.Equal(("v1", null, "Warning"), (json.RoutePrefix, json.FunctionTimeout, json.LogLevels["default"]));
        Assert.Equal(
            new QueueRules { BatchSize = 4, NewBatchThreshold = 0, MaxDequeueCount = 2, VisibilityTimeout = TimeSpan.FromSeconds(30), MaxPollingInterval = TimeSpan.FromSeconds(2), Base64 = false },
            json.Queues);
    }

    [Fact]
    public void Local_settings_stand_below_the_environment_and_above_appsettings_and_the_command_line_wins()
    {
        var folder = Directory.CreateTempSubdirectory("settings-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "appsettings.json"), """{"First":"appsettings","EmbeddedHost":{"Port":"1"}}""");
            File.WriteAllText(
                Path.Combine(folder, "local.settings.json"),
                """{"IsEncrypted":false,"Values":{"First":"local","A__B":"nested","PATH":"local"},"ConnectionStrings":{"Db":"c"},"Host":{"LocalHttpPort":7072}}""");
            var setup = new HostSetup { ContentRoot = folder, ReadEnvironment = _ => null };
            var settings = new FunctionsApplicationBuilder([], setup).Configuration;
            var withPort = new FunctionsApplicationBuilder(["--port", "7073"], setup).Configuration;
            Assert.Equal(
                ("local", "nested", "c", "7072", "7073", false),
                (settings["First"], settings["A:B"], settings["ConnectionStrings:Db"], settings["EmbeddedHost:Port"], withPort["EmbeddedHost:Port"], settings["PATH"] == "local"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("""{"Values":{"A":1}}""", "local.settings.json: $.Values.A: must be a string")]
    [InlineData("""{"IsEncrypted":true}""", "local.settings.json: $.IsEncrypted: must be false")]
    [InlineData("""{"Host":{"LocalHttpPort":70000}}""", "local.settings.json: $.Host.LocalHttpPort: must be a whole number from 0 to 65535")]
    public void A_bad_local_settings_json_is_refused_with_file_path_and_rule(string text, string message) =>
        Assert.Contains(message, Assert.Throws<StartupException>(() => LocalSettings.Parse(text, "local.settings.json")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("EmbeddedHost:Port", "70000", "setting EmbeddedHost:Port: '70000' must be a whole number from 0 to 65535")]
    [InlineData("EmbeddedHost:DrainSeconds", "-1", "setting EmbeddedHost:DrainSeconds: '-1' must be a whole number")]
    [InlineData("AzureFunctionsWebHost:hostid", "No_Good", "setting AzureFunctionsWebHost:hostid: 'No_Good' must be")]
    public void A_bad_setting_of_the_host_is_refused(string key, string value, string message)
    {
        var problems = new Problems();
        HostSettings.Read(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(key, (string?)value)]).Build(), "/app", problems);
        Assert.Contains(message, Assert.Throws<StartupException>(problems.ThrowIfAny).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_host_id_is_stable_and_differs_between_folders()
    {
        static string Id(string folder) => HostSettings.Read(new ConfigurationBuilder().Build(), folder, new Problems()).HostId;
        Assert.Equal(Id("/app/one"), Id("/app/one/"));
        Assert.NotEqual(Id("/app/one"), Id("/app/two"));
    }

    [Fact]
    public void It_refuses_to_start_in_Azure_with_one_clear_line()
    {
        var error = Assert.ThrowsAny<InvalidOperationException>(
            () => new FunctionsApplicationBuilder([], new HostSetup { ReadEnvironment = name => name == "WEBSITE_INSTANCE_ID" ? "abc" : null }));
        Assert.Equal((true, 1), (error.Message.Contains("WEBSITE_INSTANCE_ID", StringComparison.Ordinal), error.Message.Split('\n').Length));
    }
}
