using SandboxTenant;

return await SandboxCommand.RunAsync(args, Console.Out, Console.Error);
