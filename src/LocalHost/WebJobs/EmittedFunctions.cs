using System.Reflection;
using System.Reflection.Emit;
using Azure.Storage.Queues.Models;
using LocalHost.Worker;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;

namespace LocalHost.WebJobs;

/// <summary>
/// Gives WebJobs, which runs static methods with attributes, one such method for each durable and each queue function of the worker. Each
/// passes its call to <see cref="FunctionCalls"/>: <c>[FunctionName("Pack")] public static Task&lt;object?&gt; Pack([ActivityTrigger]
/// string input, string instanceId) =&gt; calls.ActAsync("Pack", input, instanceId);</c>
/// </summary>
internal sealed class EmittedFunctions(IWorkerChannel worker, FunctionCalls calls) : ITypeLocator
{
    /// <summary>Name of the function that shows what a durable client is given.</summary>
    public const string ClientFunction = "localhost_client";

    /// <summary>Name of the parameter of a queue function that takes the message.</summary>
    public const string MessageParameter = "message";

    /// <summary>The assembly of the emitted methods; it sees this one's internals.</summary>
    public const string AssemblyName = "LocalHost.Emitted";

    private static readonly Parameter Context = new("context", typeof(string), Attribute(typeof(OrchestrationTriggerAttribute)));
    private static readonly Parameter Input = new("input", typeof(string), Attribute(typeof(ActivityTriggerAttribute)));
    private static readonly Parameter InstanceId = new("instanceId", typeof(string));
    private static readonly Parameter Binder = new("binder", typeof(IBinder));
    private static readonly Parameter Token = new("cancellationToken", typeof(CancellationToken));
    private static readonly Parameter Client = new("client", typeof(string), Attribute(typeof(DurableClientAttribute)));

    private readonly Lazy<Type> _type = new(() => Emit(worker, calls));

    /// <inheritdoc/>
    public IReadOnlyList<Type> GetTypes() => [_type.Value];

    private static Type Emit(IWorkerChannel worker, FunctionCalls calls)
    {
        var type = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName(AssemblyName), AssemblyBuilderAccess.Run)
            .DefineDynamicModule(AssemblyName)
            .DefineType("Functions", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        var field = type.DefineField("calls", typeof(FunctionCalls), FieldAttributes.Public | FieldAttributes.Static);
        var method = new MethodEmitter(type, field);
        foreach (var function in worker.Functions.Values)
        {
            if (function.Trigger.IsOfType("orchestrationTrigger"))
                method.Emit(function.Name, nameof(FunctionCalls.OrchestrateAsync), Context);
            else if (function.Trigger.IsOfType("activityTrigger"))
                method.Emit(function.Name, nameof(FunctionCalls.ActAsync), Input, InstanceId);
            else if (function.Trigger.IsOfType("queueTrigger"))
                method.Emit(function.Name, nameof(FunctionCalls.TakeAsync), Message(function.Trigger), Binder, Token);
        }

        if (calls.HasDurable)
        {
            var client = method.Emit(ClientFunction, nameof(FunctionCalls.SetClient), Client);
            client.SetCustomAttribute(Attribute(typeof(NoAutomaticTriggerAttribute)));
        }

        var created = type.CreateType();
        created.GetField("calls")!.SetValue(null, calls);
        return created;
    }

    private static CustomAttributeBuilder Attribute(Type type) => new(type.GetConstructor([])!, []);

    private static Parameter Message(FunctionBinding trigger) =>
        new(
            MessageParameter,
            typeof(QueueMessage),
            new CustomAttributeBuilder(
                typeof(QueueTriggerAttribute).GetConstructor([typeof(string)])!,
                [trigger.Text("queueName")!],
                [typeof(QueueTriggerAttribute).GetProperty(nameof(QueueTriggerAttribute.Connection))!],
                [FunctionCalls.Connection(trigger)]
            )
        );

    private sealed record Parameter(string Name, Type Type, CustomAttributeBuilder? Attribute = null);

    private sealed class MethodEmitter(TypeBuilder type, FieldBuilder calls)
    {
        public MethodBuilder Emit(string function, string target, params Parameter[] parameters)
        {
            var called = typeof(FunctionCalls).GetMethod(target)!;
            var types = parameters.Select(p => p.Type).ToArray();
            var method = type.DefineMethod(function, MethodAttributes.Public | MethodAttributes.Static, called.ReturnType, types);
            var name = typeof(FunctionNameAttribute).GetConstructor([typeof(string)])!;
            method.SetCustomAttribute(new CustomAttributeBuilder(name, [function]));
            for (var i = 0; i < parameters.Length; i++)
            {
                var parameter = method.DefineParameter(i + 1, ParameterAttributes.None, parameters[i].Name);
                if (parameters[i].Attribute is { } attribute)
                    parameter.SetCustomAttribute(attribute);
            }

            var code = method.GetILGenerator();
            code.Emit(OpCodes.Ldsfld, calls);
            code.Emit(OpCodes.Ldstr, function);
            for (var i = 0; i < parameters.Length; i++)
                code.Emit(OpCodes.Ldarg, (short)i);
            code.Emit(OpCodes.Callvirt, called);
            code.Emit(OpCodes.Ret);
            return method;
        }
    }
}
