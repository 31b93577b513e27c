using System.Globalization;
using System.Reflection;
using EmbeddedHost.Configuration;
using EmbeddedHost.Durable;
using EmbeddedHost.EventGrid;
using EmbeddedHost.Hosting;
using EmbeddedHost.Http;
using EmbeddedHost.Invocation;
using EmbeddedHost.Queues;
using EmbeddedHost.Storage;
using EmbeddedHost.Timers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost;

/// <summary>
/// Puts a functions app together.
/// Stands for Microsoft.Azure.Functions.Worker.Builder.FunctionsApplicationBuilder.
/// </summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    private readonly HostApplicationBuilder _builder;
    private readonly HostSetup _setup;
    private readonly HostJson _hostJson;
    private readonly string _contentRoot;
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _middleware = [];
    private bool _built;

    internal FunctionsApplicationBuilder(string[]? args, HostSetup setup)
    {
        if (setup.ReadEnvironment("WEBSITE_INSTANCE_ID") is { Length: > 0 })
        {
            throw new StartupException(
                "This is the embedded flavour of the app, for laptops and tests, and WEBSITE_INSTANCE_ID says that it runs in Azure: deploy what `dotnet publish` makes (FunctionsHost=Azure).");
        }

        _setup = setup;
        _contentRoot = setup.FindContentRoot();
        _hostJson = HostJson.Load(_contentRoot);
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(_hostJson.LogLevels.Select(l => KeyValuePair.Create("Logging:LogLevel:" + l.Key, (string?)l.Value)));
        configuration.AddInMemoryCollection([KeyValuePair.Create("hostBuilder:reloadConfigOnChange", (string?)"false")]);
        configuration.AddEnvironmentVariables("AZURE_FUNCTIONS_");
        _builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { Args = args, Configuration = configuration, ContentRootPath = _contentRoot });
        AddLocalSettings();
        if (ReadPort(args ?? []) is { } port)
            Configuration.AddInMemoryCollection([KeyValuePair.Create(HostSettings.PortKey, (string?)port)]);
    }

    /// <summary>A place where parts of the app leave things for each other while it is put together.</summary>
    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_builder).Properties;

    /// <summary>The settings: appsettings.json, local.settings.json, the environment, the command line; the later wins.</summary>
    public ConfigurationManager Configuration => _builder.Configuration;

    /// <summary>The environment's name and the folder of host.json.</summary>
    public IHostEnvironment Environment => _builder.Environment;

    /// <summary>The app's logging.</summary>
    public ILoggingBuilder Logging => _builder.Logging;

    /// <summary>The app's metrics.</summary>
    public IMetricsBuilder Metrics => _builder.Metrics;

    /// <summary>The app's services. A <see cref="TimeProvider"/> among them is the clock the host runs on.</summary>
    public IServiceCollection Services => _builder.Services;

    IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

    internal WebApplicationMode WebApplicationMode { get; } = new();

    /// <summary>Puts a piece of middleware behind those added so far.</summary>
    /// <param name="middleware">Makes the piece from the rest of the pipeline.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="InvalidOperationException">The application has been built.</exception>
    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        ThrowIfBuilt();
        _middleware.Add(middleware);
        return this;
    }

    /// <summary>Replaces the service container.</summary>
    /// <typeparam name="TContainerBuilder">What the container is built with.</typeparam>
    /// <param name="factory">Makes the container.</param>
    /// <param name="configure">Configures it.</param>
    public void ConfigureContainer<TContainerBuilder>(IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull => _builder.ConfigureContainer(factory, configure);

    /// <summary>Builds the app. What is wrong with its functions and settings is told when it starts.</summary>
    /// <returns>The host: run it.</returns>
    /// <exception cref="InvalidOperationException">The application has been built.</exception>
    public IHost Build()
    {
        ThrowIfBuilt();
        _built = true;
        var problems = new Problems();
        var settings = HostSettings.Read(Configuration, _contentRoot, problems);
        Services.TryAddSingleton(TimeProvider.System);
        Services.AddSingleton(_setup);
        Services.AddSingleton(_hostJson);
        Services.AddSingleton(problems);
        Services.AddSingleton(settings);
        Services.AddSingleton(WebApplicationMode);
        Services.AddSingleton(new FunctionTypes(_setup.FunctionTypes ?? TypesOfAssembly()));
        Services.AddSingleton(new Middleware([.. _middleware]));
        Services.AddSingleton<SettingResolver>();
        Services.AddSingleton<StorageAccounts>();
        Services.AddSingleton<Workload>();
        Services.AddSingleton<RunningInvocations>();
        Services.AddSingleton<QueueSignals>();
        Services.AddSingleton<QueueOutputs>();
        Services.AddSingleton<FunctionInvoker>();
        Services.AddSingleton<FunctionCatalog>();
        Services.AddSingleton<ITriggerBinding, TimerTriggerBinding>();
        Services.AddSingleton<ITriggerBinding, QueueTriggerBinding>();
        Services.AddSingleton<ITriggerBinding, HttpTriggerBinding>();
        Services.AddSingleton<ITriggerBinding, EventGridTriggerBinding>();
        Services.AddSingleton<ITriggerBinding, OrchestrationTriggerBinding>();
        Services.AddSingleton<ITriggerBinding, ActivityTriggerBinding>();
        Services.AddSingleton<DurableFunctions>();
        Services.AddSingleton<DurableEngine>();
        Services.AddSingleton<EmbeddedDurableTaskClient>();
        Services.AddSingleton<DurableEndpoints>();
        Services.AddSingleton<HttpKeys>();
        Services.AddSingleton<HttpFunctions>();
        Services.AddSingleton<AdminEndpoints>();
        Services.AddSingleton<EventGridWebhook>();
        Services.AddSingleton<HttpServer>();
        Services.AddHostedService<FunctionsHostService>();
        Services.Configure<HostOptions>(o => o.ShutdownTimeout = FunctionsHostService.StopTime(settings));
        return _builder.Build();
    }

    // The Core Tools make environment variables of them unless those are set: so they stand right below the environment.
    private void AddLocalSettings()
    {
        var local = new MemoryConfigurationSource { InitialData = LocalSettings.Load(_contentRoot) };
        var sources = ((IConfigurationBuilder)Configuration).Sources;
        var environment = sources.OfType<EnvironmentVariablesConfigurationSource>().Last(s => string.IsNullOrEmpty(s.Prefix));
        sources.Insert(sources.IndexOf(environment), local);
    }

    private static string? ReadPort(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i].StartsWith("--port=", StringComparison.OrdinalIgnoreCase))
                return args[i]["--port=".Length..];
            if (args[i].Equals("--port", StringComparison.OrdinalIgnoreCase))
                return i + 1 < args.Length ? args[i + 1] : "";
        }

        return null;
    }

    private Type[] TypesOfAssembly()
    {
        var assembly = Properties.TryGetValue(HostSetup.AssemblyProperty, out var value) ? value as Assembly : Assembly.GetEntryAssembly();
        return (assembly ?? throw new StartupException(string.Create(CultureInfo.InvariantCulture, $"there is no entry assembly to look for functions in: set builder.Properties[\"{HostSetup.AssemblyProperty}\"]"))).GetTypes();
    }

    private void ThrowIfBuilt()
    {
        if (_built)
            throw new InvalidOperationException("The application has already been built.");
    }
}
