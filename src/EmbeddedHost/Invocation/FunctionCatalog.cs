using System.Collections.Immutable;
using System.Reflection;
using System.Text.RegularExpressions;
using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Queues;

namespace EmbeddedHost.Invocation;

/// <summary>All functions of the app, by name whatever its case.</summary>
internal sealed partial class FunctionCatalog(IEnumerable<ITriggerBinding> triggers, QueueOutputs outputs, SettingResolver settings, FunctionTypes types)
{
    private readonly Dictionary<Type, ITriggerBinding> _triggers = triggers.ToDictionary(t => t.Attribute);
    private readonly Dictionary<string, Function> _functions = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>In order of name.</summary>
    public IReadOnlyList<Function> All { get; private set; } = [];

    public Function? Find(string name) => _functions.GetValueOrDefault(name);

    /// <summary>Finds the functions and adds all that is wrong with them, each time naming class.method.</summary>
    public void Load(Problems problems)
    {
        foreach (var type in types.Types)
        {
            foreach (var method in type.GetMethods(
                BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            {
                if (method.GetCustomAttribute<FunctionAttribute>() is { } attribute && Load(type, method, attribute.Name, problems) is { } function
                    && !_functions.TryAdd(function.Name, function))
                {
                    problems.Add($"{function.EntryPoint}: the name '{function.Name}' is taken by {_functions[function.Name].EntryPoint}");
                }
            }
        }

        All = [.. _functions.Values.OrderBy(f => f.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private Function? Load(Type type, MethodInfo method, string name, Problems problems)
    {
        var where = $"{type.FullName}.{method.Name}";
        var before = problems.Count;
        if (!NameRule().IsMatch(name) || name.Equals("host", StringComparison.OrdinalIgnoreCase))
            problems.Add($"{where}: '{name}' cannot name a function: a letter, then up to 127 letters, digits, '-' or '_', and not 'host'");
        if (method.IsGenericMethodDefinition || type.IsGenericTypeDefinition || (type.IsAbstract && !method.IsStatic))
            problems.Add($"{where}: a function is a method of a class that is neither generic nor abstract");
        var found = method.GetParameters().Where(p => p.GetCustomAttributes<TriggerBindingAttribute>().Any()).ToList();
        if (found.Count != 1 || found[0].GetCustomAttributes<TriggerBindingAttribute>().Count() != 1)
        {
            problems.Add($"{where}: a function has exactly one trigger, this has {found.Sum(p => p.GetCustomAttributes<TriggerBindingAttribute>().Count())}");
            return null;
        }

        var (result, problem) = ReturnShape.Of(method);
        if (problem is not null)
            problems.Add($"{where}: {problem}");
        var attribute = found[0].GetCustomAttribute<TriggerBindingAttribute>()!;
        if (!_triggers.TryGetValue(attribute.GetType(), out var binding))
        {
            problems.Add($"{where}: no part of this host knows the trigger {attribute.GetType().Name}");
            return null;
        }

        var functionMethod = new FunctionMethod(name, type, method, found[0], attribute) { Result = result };
        var output = Output(functionMethod, problems);
        if (problems.Count > before || binding.Bind(functionMethod, problems) is not { } trigger)
            return null;
        var parameters = ImmutableArray.CreateBuilder<ParameterBinder>();
        foreach (var parameter in method.GetParameters())
        {
            if (ParameterBinders.For(parameter, functionMethod, trigger) is { } binder)
                parameters.Add(binder);
            else
                problems.Add($"{where}: nothing can be bound to the parameter '{parameter.ParameterType.Name} {parameter.Name}' of a {trigger.Type}");
        }

        return problems.Count > before ? null : new Function(functionMethod, trigger, output, parameters.ToImmutable(), settings.IsDisabled(name));
    }

    private QueueOutput? Output(FunctionMethod method, Problems problems)
    {
        var attributes = method.Method.GetCustomAttributes<OutputBindingAttribute>().ToList();
        switch (attributes)
        {
            case []:
                return null;
            case [QueueOutputAttribute queue] when method.Attribute is HttpTriggerAttribute:
                problems.Add($"{method.Where}: what an HTTP function returns is its answer, so it cannot go to the queue {queue.QueueName} too");
                return null;
            case [QueueOutputAttribute queue] when method.Result is null:
                problems.Add($"{method.Where}: it returns nothing that could go to the queue {queue.QueueName}");
                return null;
            case [QueueOutputAttribute queue]:
                return outputs.Bind(queue, method.Where, problems);
            default:
                problems.Add($"{method.Where}: no part of this host knows the output {string.Join(" with ", attributes.Select(a => a.GetType().Name))}");
                return null;
        }
    }

    [GeneratedRegex("^[a-zA-Z][a-zA-Z0-9_-]{0,127}$")]
    private static partial Regex NameRule();
}
