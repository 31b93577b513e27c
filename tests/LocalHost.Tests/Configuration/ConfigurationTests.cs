using LocalHost.Configuration;
using LocalHost.Hosting;

namespace LocalHost.Tests.Configuration;

public sealed class ConfigurationTests
{
    private const string App = "/app/App.dll";

    private static HostContext Context(string hostJson = """{"version":"2.0"}""", params (string Name, string Value)[] environment) =>
        HostContext.Create(App, environment.ToDictionary(v => v.Name, v => v.Value), HostJson.Parse(hostJson, "host.json"));

    private static string Refusal(Action act) => Assert.Throws<StartupException>(act).Message;

    [Theory]
    [InlineData("""{"version":"1.0"}""", "host.json: $.version: must be \"2.0\"")]
    [InlineData("[]", "host.json: $: must be a JSON object")]
    [InlineData("{\n\"version\"", "host.json: line 2: not valid JSON")]
    [InlineData("""{"version":"2.0","version":"2.0"}""", "host.json: not valid JSON: Duplicate")]
    [InlineData(
        """{"version":"2.0","extensionBundle":{"id":"x"}}""",
        "host.json: $.extensionBundle: must not be there: an isolated app brings its own extensions"
    )]
    [InlineData("""{"version":"2.0","extensions":7}""", "host.json: $.extensions: must be an object")]
    [InlineData(
        """{"version":"2.0","logging":{"logLevel":{"default":"Loud"}}}""",
        "host.json: $.logging.logLevel.default: must be \"Trace\" or"
    )]
    [InlineData(
        """{"version":"2.0","extensions":{"http":{"routePrefix":1}}}""",
        "host.json: $.extensions.http.routePrefix: must be a string"
    )]
    [InlineData(
        """{"version":"2.0","extensions":{"http":{"prefix":"x"}}}""",
        "host.json: $.extensions.http.prefix: is not a setting of this section"
    )]
    [InlineData(
        """{"version":"2.0","extensions":{"queues":{"batchSize":0}}}""",
        "host.json: $.extensions.queues.batchSize: must be a whole number from 1 to 32"
    )]
    [InlineData(
        """{"version":"2.0","extensions":{"queues":{"batchSize":33}}}""",
        "host.json: $.extensions.queues.batchSize: must be a whole number from 1 to 32"
    )]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"newBatchThreshold":-1}}}""", "newBatchThreshold: must be a whole number")]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"maxDequeueCount":0}}}""", "maxDequeueCount: must be a whole number from 1")]
    [InlineData(
        """{"version":"2.0","extensions":{"queues":{"maxPollingInterval":"00:00:00.09"}}}""",
        "maxPollingInterval: must be a time span hh:mm:ss from 00:00:00.1000000"
    )]
    [InlineData("""{"version":"2.0","extensions":{"queues":{"visibilityTimeout":"soon"}}}""", "visibilityTimeout: must be a time span")]
    [InlineData(
        """{"version":"2.0","extensions":{"queues":{"messageEncoding":"utf8"}}}""",
        "messageEncoding: must be \"base64\" or \"none\""
    )]
    [InlineData(
        """{"version":"2.0","extensions":{"durableTask":{"defaultVersion":1.10}}}""",
        "host.json: $.extensions.durableTask.defaultVersion: must be a string"
    )]
    [InlineData(
        """{"version":"2.0","extensions":{"durableTask":{"versionMatchStrategy":"Newest"}}}""",
        "host.json: $.extensions.durableTask.versionMatchStrategy: must be \"None\" or \"Strict\" or \"CurrentOrOlder\""
    )]
    [InlineData(
        """{"version":"2.0","extensions":{"durableTask":{"versionFailureStrategy":"Ignore"}}}""",
        "host.json: $.extensions.durableTask.versionFailureStrategy: must be \"Reject\" or \"Fail\""
    )]
    [InlineData("""{"version":"2.0","functionTimeout":"00:00:00.5"}""", "$.functionTimeout: must be a time span hh:mm:ss from 00:00:01")]
    public void A_bad_host_json_is_refused_with_file_path_and_rule(string text, string message) =>
        Assert.Contains(message, Refusal(() => HostJson.Parse(text, "host.json")), StringComparison.Ordinal);

    [Fact]
    public void Absent_parts_of_host_json_have_the_real_hosts_defaults()
    {
        var configuration = Context().Configuration;
        Assert.Equal(
            ("api", (TimeSpan?)TimeSpan.FromMinutes(30)),
            (HostJson.RoutePrefix(configuration), HostJson.FunctionTimeout(configuration))
        );
    }

    [Fact]
    public void Every_part_of_host_json_is_read_with_comments_and_keys_of_any_case()
    {
        var configuration = Context(
            """
            { // a comment
              "Version": "2.0", "functionTimeout": "-1", "logging": { "logLevel": { "default": "Warning" } },
              "extensions": { "http": { "routePrefix": "/v1/" }, "queues": { "BatchSize": 4, "messageEncoding": "None" } },
            }
            """
        ).Configuration;
        Assert.Equal(
            ("v1", null, "Warning", "4"),
            (
                HostJson.RoutePrefix(configuration),
                HostJson.FunctionTimeout(configuration),
                configuration["AzureFunctionsJobHost:logging:logLevel:default"],
                configuration["AzureFunctionsJobHost:extensions:queues:batchSize"]
            )
        );
    }

    [Fact]
    public void A_setting_wins_over_host_json_as_on_the_real_host()
    {
        const string hostJson = """{"version":"2.0","functionTimeout":"00:01:00"}""";
        var context = Context(hostJson, ("AzureFunctionsJobHost__functionTimeout", "00:00:05"));
        Assert.Equal(TimeSpan.FromSeconds(5), HostJson.FunctionTimeout(context.Configuration));
    }

    [Theory]
    [InlineData("AzureFunctionsJobHost:extensions:queues:batchSize", "99", "a whole number from 1 to 32")]
    [InlineData("AzureFunctionsJobHost:extensions:queues:maxDequeueCount", "0", "a whole number from 1 to 2147483647")]
    [InlineData("AzureFunctionsJobHost:extensions:queues:visibilityTimeout", "soon", "a time span hh:mm:ss from 00:00:00 to 7.00:00:00")]
    [InlineData("LocalHost__Durable__VisibilityTimeout", "soon", "a time span hh:mm:ss from 00:00:01 to 7.00:00:00")]
    [InlineData("LocalHost__Durable__VisibilityTimeout", "7.00:00:01", "a time span hh:mm:ss from 00:00:01 to 7.00:00:00")]
    public void A_setting_out_of_range_is_named_with_its_rule(string setting, string value, string rule) =>
        Assert.Equal(
            $"setting {setting}: '{value}' must be {rule}",
            Refusal(() => Context("""{"version":"2.0"}""", (setting.Replace(":", "__", StringComparison.Ordinal), value)))
        );

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("24.00:00:01")]
    [InlineData("10675199.02:48:05")] // the longest there is: no timer takes it
    [InlineData("soon")]
    public void A_timeout_out_of_range_is_refused_from_a_setting_too(string text)
    {
        var context = Context("""{"version":"2.0"}""", ("AzureFunctionsJobHost__functionTimeout", text));
        Assert.Equal(
            $"setting AzureFunctionsJobHost:functionTimeout: '{text}' must be a time span hh:mm:ss from 00:00:01 to 24.00:00:00, or -1",
            Assert.Throws<StartupException>(() => HostJson.FunctionTimeout(context.Configuration)).Message
        );
    }

    [Fact]
    public void Local_settings_become_environment_variables_of_the_app_below_those_that_are_there()
    {
        var folder = Directory.CreateTempSubdirectory("settings-").FullName;
        try
        {
            var app = Path.Combine(folder, "App.dll");
            File.WriteAllText(app, "");
            File.WriteAllText(
                Path.Combine(folder, "local.settings.json"),
                """
                { "IsEncrypted": false, "Values": { "First": "local", "A__B": "nested", "PATH": "local" },
                  "ConnectionStrings": { "Db": "c" }, "Host": { "LocalHttpPort": 7072 } }
                """
            );
            var context = HostContext.Load(app, new Dictionary<string, string> { ["PATH"] = "/bin" });
            var worker = context.WorkerOptions(new Uri("http://127.0.0.1:7072")).Environment;
            Assert.Equal(
                ("local", "nested", "c", "/bin", 7072, false),
                (
                    worker["First"],
                    context.Configuration["A:B"],
                    worker["ConnectionStrings__Db"],
                    worker["PATH"],
                    context.Settings.Port,
                    worker.ContainsKey("LocalHost__Port")
                )
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Variables_that_differ_in_case_alone_reach_the_app_as_they_are()
    {
        var context = Context(environment: [("http_proxy", "a"), ("HTTP_PROXY", "b")]);
        var worker = context.WorkerOptions(new Uri("http://127.0.0.1:7071")).Environment;
        Assert.Equal(("a", "b", "a"), (worker["http_proxy"], worker["HTTP_PROXY"], context.Configuration["http_proxy"]));
    }

    [Theory]
    [InlineData("""{"Values":{"A":1}}""", "local.settings.json: $.Values.A: must be a string")]
    [InlineData("""{"IsEncrypted":true}""", "local.settings.json: $.IsEncrypted: must be false")]
    [InlineData(
        """{"Host":{"LocalHttpPort":70000}}""",
        "local.settings.json: $.Host.LocalHttpPort: must be a whole number from 0 to 65535"
    )]
    [InlineData("""{"Valuse":{}}""", "local.settings.json: $.Valuse: is not a setting of this section")]
    public void A_bad_local_settings_json_is_refused_with_file_path_and_rule(string text, string message) =>
        Assert.Contains(message, Refusal(() => LocalSettings.Parse(text, "local.settings.json")), StringComparison.Ordinal);

    [Theory]
    [InlineData("LocalHost__Port", "70000", "setting LocalHost__Port: '70000' must be a whole number from 0 to 65535")]
    [InlineData("LocalHost__DrainSeconds", "-1", "setting LocalHost__DrainSeconds: '-1' must be a whole number from 0 to 3600")]
    [InlineData(
        "LocalHost__Keys__Mastr",
        "k",
        "setting LocalHost__Keys__Mastr: is not a setting of this host; did you intend LocalHost__Keys__Master?"
    )]
    [InlineData("LocalHots__Port", "7072", "setting LocalHots__Port: is not a setting of this host; did you intend LocalHost__Port?")]
    [InlineData("locahost:port", "7072", "setting locahost:port: is not a setting of this host; did you intend LocalHost__Port?")]
    [InlineData(
        "AzureFunctionsWebHost__hostid",
        "No_Good",
        "setting AzureFunctionsWebHost__hostid: 'No_Good' must be 1 to 32 lower-case letters and digits with single dashes between"
    )]
    public void A_bad_setting_of_the_host_is_refused(string name, string value, string message) =>
        Assert.Equal(message, Refusal(() => Context(environment: (name, value))));

    [Theory]
    [InlineData("LOCALHOST")]
    [InlineData("LocalHots")]
    [InlineData("Localization__Culture")]
    [InlineData("Policy__Credentials")]
    public void A_variable_of_the_app_or_of_another_program_is_left_alone(string name) =>
        Assert.Equal(7071, Context(environment: (name, "x")).Settings.Port);

    [Fact]
    public void One_start_names_everything_that_is_wrong_with_the_settings()
    {
        var refusal = Refusal(() => Context(environment: [("LocalHost__Port", "x"), ("LocalHost__Drain", "1")]));
        Assert.Equal(2, refusal.Split("; setting").Length);
    }

    [Fact]
    public void The_default_host_id_is_stable_and_differs_between_folders()
    {
        static string Id(string app) => HostContext.Create(app, new Dictionary<string, string>(), []).Settings.HostId;
        Assert.Equal(Id("/app/one/App.dll"), Id("/app/one/Other.dll"));
        Assert.NotEqual(Id("/app/one/App.dll"), Id("/app/two/App.dll"));
    }

    [Fact]
    public void An_app_that_is_not_there_is_named() =>
        Assert.Equal(
            "/nowhere/App.dll: there is no such file; build the app first",
            Refusal(() => HostContext.Load("/nowhere/App.dll", new Dictionary<string, string>()))
        );

    [Theory]
    [InlineData("%A%", "1")]
    [InlineData("x-%A%-%B__C%", "x-1-2")]
    [InlineData("plain", "plain")]
    public void Settings_take_the_place_of_their_names_between_percent_signs(string text, string resolved) =>
        Assert.Equal(resolved, Context(environment: [("A", "1"), ("B__C", "2")]).Resolve(text));

    [Theory]
    [InlineData("%Absent%", "'%Absent%': the setting Absent is not set")]
    [InlineData("a%b", "'a%b': the % at position 1 has no closing %")]
    public void A_setting_that_is_not_there_is_named(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => Context().Resolve(text)).Message);

    [Theory]
    [InlineData("AzureWebJobs.F.Disabled", "true", true)]
    [InlineData("AzureWebJobs__F__Disabled", "1", true)]
    [InlineData("AzureWebJobs__F__Disabled", "0", false)]
    [InlineData("AzureWebJobs__G__Disabled", "true", false)]
    public void A_function_is_switched_off_by_its_setting(string name, string value, bool isDisabled) =>
        Assert.Equal(isDisabled, Context(environment: (name, value)).IsDisabled("F"));
}
